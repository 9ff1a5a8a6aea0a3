/** What is deployed with is public: no file of it holds a secret, and none names a setting that there is not. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { filesUnder, readText, settingNames } from './deployment-files.ts'

const folders = ['container', 'prometheus', 'grafana', 'kubernetes', 'clickhouse']
const files = [
  'docker-compose.yml',
  '.env.example',
  'infra/distributed.md',
  'infra/compose-local.yml',
  ...folders.flatMap((folder) => filesUnder(`infra/${folder}`)),
]

/** Nothing, what is filled in later, the name of another variable, or a file. */
const placeholder = /^(["']?)(|…|REPLACE-ME|CHANGE-ME|\$\$?\{?[A-Z_]+(:[-?][^}]*)?\}?|\/[\w./-]+)\1$/

/** What in a text looks like a secret written out. */
function secretsIn(text: string): string[] {
  const named = text.matchAll(
    /^[ \t]*(?:- +)?"?(\w*(?:PASSWORD|password|TOKEN|WRITE_KEY|SECRET))"?[ \t]*[:=][ \t]*(.*?),?$/gm,
  )
  const inAddresses = text.matchAll(/\b[a-z]+:\/\/[^\s/@:]*:([^\s/@]+)@/g)
  const values = [...[...named].map(([, , value = '']) => value), ...[...inAddresses].map(([, value = '']) => value)]
  const random = text.match(/\b(?=\w*\d)(?=\w*[a-f])[0-9a-f]{32,}\b/g) ?? []
  return [...values.filter((value) => !placeholder.test(value)), ...random]
}

describe('the files for deploying', () => {
  it('have no secret in them', () => {
    assert.ok(files.length > 15)
    for (const file of files) assert.deepEqual(secretsIn(readText(file)), [], file)
  })

  it('would be found out if they had one', () => {
    const leaks = [
      'REDIS_PASSWORD=hunter2hunter2',
      '  HEADCOUNT_ADMIN_TOKEN: abcdefghijklmnop',
      'x: redis://:letmein@redis:6379',
      '  HEADCOUNT_WRITE_KEY: "$HEADCOUNT_WRITE_KEY or so"',
      'password: secret',
      'any 0123456789abcdef0123456789abcdef',
    ]
    for (const leak of leaks) assert.equal(secretsIn(leak).length, 1, leak)
    assert.equal(secretsIn(leaks.join('\n')).length, leaks.length)
  })

  it('name no HEADCOUNT_ variable that the code does not read', () => {
    for (const file of files)
      for (const [name] of readText(file).matchAll(/\bHEADCOUNT_[A-Z0-9_]*[A-Z0-9]/g))
        assert.ok(settingNames.has(name), `${file}: ${name}`)
  })
})
