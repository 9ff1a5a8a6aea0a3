export const documentedFlows: readonly {
  task: string
  plausible: { steps: readonly string[] }
  umami: { steps: readonly string[] }
}[] = []
