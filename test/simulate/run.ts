/** `npm run simulate -- --seeds 2000`: the worker against stores, processes and senders that do what each seed says. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { type Mutation, mutations } from './mutations.ts'
import { catchMutations, isCorrect, runSeeds } from './seeds.ts'
import { simulate } from './simulate.ts'
import { caughtText, failureText, summary } from './summary.ts'

interface Options {
  seeds: number
  from: number
  seed?: number
  mutation?: Mutation
  mutations?: boolean
  mutationSeeds: number
  reorderCommits?: boolean
  trace?: boolean
}

const numberMax = 1_000_000_000
const tellEveryMs = 10_000

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > numberMax)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${numberMax}.`)
  return number
}

const options = new Command('simulate')
  .description('Runs the worker in simulated worlds, each from a seed, and looks whether every event is counted once.')
  .option('--seeds <number>', 'how many worlds', wholeNumber, 2000)
  .option('--from <seed>', 'the first of them', wholeNumber, 1)
  .option('--seed <seed>', 'this one alone, once more', wholeNumber)
  .option('--trace', 'with --seed: print every call and what goes wrong with it')
  .addOption(new Option('--mutation <name>', 'with --seed: leave out a safeguard').choices(mutations))
  .option('--mutations', 'the mutations alone: each must be caught')
  .option('--mutation-seeds <number>', 'in how many worlds at the most', wholeNumber, 100)
  .option('--reorder-commits', 'let commits overtake each other, which the port of the log rules out')
  .parse()
  .opts<Options>()

const print = (line: string) => process.stdout.write(`${line}\n`)

async function one(seed: number): Promise<boolean> {
  const { mutation, reorderCommits, trace } = options
  const result = await simulate({ seed, mutation, reorderCommits, ...(trace && { trace: print }) })
  const flags = `${mutation ? ` --mutation ${mutation}` : ''}${reorderCommits ? ' --reorder-commits' : ''}`
  print(isCorrect(result) ? `seed ${seed}: every event is counted once` : failureText(result, flags))
  return isCorrect(result)
}

async function many(): Promise<boolean> {
  const { seeds, from, reorderCommits } = options
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  let [done, told] = [0, began]
  const result = await runSeeds(seeds, from, {
    reorderCommits,
    onSeed(of) {
      done++
      if (!isCorrect(of)) print(failureText(of, reorderCommits ? ' --reorder-commits' : ''))
      if (performance.now() < told + tellEveryMs) return
      told = performance.now()
      print(`${done} of ${seeds} seeds, ${(done / seconds()).toFixed(1)} a second`)
    },
  })
  print(summary(result, seconds()))
  return result.failed.length === 0
}

async function allMutations(): Promise<boolean> {
  const caught = await catchMutations(options.from, options.mutationSeeds)
  print(caughtText(caught))
  return caught.every(({ afterSeeds }) => afterSeeds !== undefined)
}

async function isAsItShouldBe(): Promise<boolean> {
  if (options.seed !== undefined) return await one(options.seed)
  const isRight = options.mutations || (await many())
  return (await allMutations()) && isRight
}

process.exitCode = (await isAsItShouldBe()) ? 0 : 1
