/** The files an operator deploys with, parsed, for the tests that compare them with the code. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'
import { settings, variableName } from '../../shared/config.ts'

export const top = fileURLToPath(new URL('../../', import.meta.url))
export const readText = (file: string): string => readFileSync(path.join(top, file), 'utf8')
export const packageVersion: string = JSON.parse(readText('package.json')).version
export const settingNames: ReadonlySet<string> = new Set(Object.keys(settings).map(variableName))

export const roles = ['collector', 'worker', 'reporting'] as const
export type Role = (typeof roles)[number]

/** Files under a folder, as paths from the top. */
export function filesUnder(folder: string): string[] {
  const entries = readdirSync(path.join(top, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(top, path.join(entry.parentPath, entry.name)))
}

export interface ComposeService {
  image: string
  build?: unknown
  user?: string
  command?: string[]
  environment?: Record<string, string | number>
  ports?: string[]
  volumes?: string[]
  networks?: string[]
  read_only?: boolean
  profiles?: string[]
  cap_drop?: string[]
  security_opt?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
}

export interface ComposeFile {
  services: Record<string, ComposeService>
  volumes: Record<string, unknown>
  networks: Record<string, { internal?: boolean }>
}

/** Aliases and merges resolved, `${…}` left as it is. */
export function composeFile(): ComposeFile {
  return parse(readText('docker-compose.yml'), { merge: true })
}

interface PodSpec {
  enableServiceLinks?: boolean
  automountServiceAccountToken?: boolean
  terminationGracePeriodSeconds?: number
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string } }
  containers: Container[]
  volumes?: { name: string; emptyDir?: { sizeLimit?: string } }[]
}

export interface Container {
  name: string
  image: string
  args?: string[]
  ports: { name: string; containerPort: number }[]
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string } }[]
  startupProbe?: Probe
  livenessProbe?: Probe
  readinessProbe?: Probe
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  securityContext?: Record<string, unknown> & { capabilities?: { drop?: string[] } }
  volumeMounts: { name: string; mountPath: string }[]
}

interface Probe {
  httpGet: { path: string; port: string }
}

export interface KubernetesObject {
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  data?: Record<string, string>
  stringData?: Record<string, string>
  spec: {
    selector?: { app?: string; matchLabels?: Record<string, string> }
    ports?: { port: number; targetPort: string }[]
    template?: { metadata: { labels: Record<string, string> }; spec: PodSpec }
    volumeClaimTemplates?: { metadata: { name: string }; spec: { resources: { requests: { storage: string } } } }[]
    scaleTargetRef?: { kind: string; name: string }
  }
}

/** The objects of one file, or of all of `infra/kubernetes` but the kustomization. */
export function kubernetesObjects(file?: string): KubernetesObject[] {
  const files = file ? [file] : filesUnder('infra/kubernetes').filter((one) => !one.endsWith('kustomization.yaml'))
  return files.flatMap((one) => parseAllDocuments(readText(one)).map((document) => document.toJS() as KubernetesObject))
}

/**
 * The variables that a process does not start without: its servers' addresses and its secrets, as its source asks for
 * them.
 */
export function requiredVariables(role: Role): string[] {
  const source = readText(`services/start-${role}.ts`)
  const asked = [...source.matchAll(/(?:requireServers|givenSecrets)\('\w+', config, ([^)]*)\)/g)]
  return asked
    .flatMap(([, keys = '']) => [...keys.matchAll(/'(\w+)'/g)].map(([, key = '']) => variableName(key)))
    .sort()
}

/** Variables that hold an address of a store or a secret: nobody gets one that they do not use. */
export function isGuarded(name: string): boolean {
  return /_URL$|_KEY$|_TOKEN$/.test(name)
}

/** Empty in the example and no secrets: what an operator may leave empty. */
export const mayBeEmpty: readonly string[] = ['HEADCOUNT_SENDER_KEYS', 'HEADCOUNT_TRUSTED_PROXIES']
