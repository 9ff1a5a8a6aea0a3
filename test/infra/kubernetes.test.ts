/** The Kubernetes manifests against the code. No cluster has run them. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { readConfig, settings, variableName } from '../../shared/config.ts'
import { parseKafkaUrl } from '../../shared/eventlog/kafka-url.ts'
import { parseRedisUrl } from '../../shared/keyvalue/redis-url.ts'
import { parseServerAddress } from '../../shared/warehouse/server-address.ts'
import {
  type Container,
  filesUnder,
  isGuarded,
  type KubernetesObject,
  kubernetesObjects,
  packageVersion,
  type Role,
  readText,
  requiredVariables,
  roles,
  settingNames,
  top,
} from './deployment-files.ts'

const objects = kubernetesObjects()
const find = (kind: string, name: string) => objects.find((one) => one.kind === kind && one.metadata.name === name)
const settingsMap = find('ConfigMap', 'settings')?.data ?? {}
const workloads = new Map(
  roles.map((role) => [role, find(role === 'collector' ? 'StatefulSet' : 'Deployment', role) as KubernetesObject]),
)
const podOf = (role: Role) => {
  const pod = workloads.get(role)?.spec.template?.spec
  assert.ok(pod, role)
  return pod
}
const containerOf = (role: Role) => podOf(role).containers[0] as Container
const environmentOf = (role: Role): Record<string, string> => ({
  ...settingsMap,
  ...find('Secret', `${role}-secrets`)?.stringData,
})

/** `10Gi` as bytes. */
function bytes(quantity: string): number {
  const [, amount, unit] = /^(\d+)([KMGT]i)$/.exec(quantity) ?? []
  return Number(amount) * 1024 ** (['Ki', 'Mi', 'Gi', 'Ti'].indexOf(unit ?? '') + 1)
}

describe('the Kubernetes manifests', () => {
  it('run each process from our image, of this version, by its entry point', () => {
    for (const role of roles) {
      const { image, args } = containerOf(role)
      assert.equal(image, `headcount:${packageVersion}`)
      assert.deepEqual(args, [`services/start-${role}.ts`])
      assert.ok(existsSync(path.join(top, `services/start-${role}.ts`)))
      assert.equal(podOf(role).containers.length, 1)
    }
    assert.equal(kustomization().images[0]?.newTag, packageVersion)
  })

  it('ask each process whether it lives and whether it is ready, at its own port', () => {
    for (const role of roles) {
      const { startupProbe, livenessProbe, readinessProbe, ports } = containerOf(role)
      assert.equal(startupProbe?.httpGet.path, '/health/live')
      assert.equal(livenessProbe?.httpGet.path, '/health/live', 'a store that is away must restart nothing')
      assert.equal(readinessProbe?.httpGet.path, '/health/ready')
      assert.equal(String(ports[0]?.containerPort), settingsMap[variableName(`${role}Port`)])
      const service = find('Service', role)
      assert.deepEqual(service?.spec.ports, [{ name: 'http', port: ports[0]?.containerPort, targetPort: 'http' }])
      assert.equal(service?.spec.selector?.app, role)
    }
  })

  it('bound what each may use, and give each room to stop in', () => {
    for (const role of roles) {
      const { resources } = containerOf(role)
      for (const what of ['cpu', 'memory']) {
        assert.ok(resources?.requests?.[what], `${role} requests ${what}`)
        assert.ok(resources?.limits?.[what], `${role} limits ${what}`)
      }
      assert.ok((podOf(role).terminationGracePeriodSeconds ?? 30) > 20, 'a stop may take 20 s')
      for (const { name, emptyDir } of podOf(role).volumes ?? []) assert.ok(emptyDir?.sizeLimit, `${role}: ${name}`)
    }
  })

  it('let no process be root, gain rights, change its files or speak to the cluster', () => {
    for (const role of roles) {
      const { securityContext, automountServiceAccountToken } = podOf(role)
      assert.deepEqual(
        [securityContext?.runAsNonRoot, securityContext?.seccompProfile?.type, automountServiceAccountToken],
        [true, 'RuntimeDefault', false],
      )
      assert.deepEqual(containerOf(role).securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      assert.deepEqual(
        containerOf(role).volumeMounts.map(({ mountPath }) => mountPath),
        [settingsMap.HEADCOUNT_DATA_DIR, '/tmp'],
      )
    }
    assert.equal(find('Namespace', 'headcount')?.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted')
  })

  it('keep Kubernetes from adding HEADCOUNT_ variables, which stop the start', () => {
    // A Service `headcount-collector` gives every pod HEADCOUNT_COLLECTOR_PORT=tcp://…
    for (const role of roles) assert.equal(podOf(role).enableServiceLinks, false)
    assert.throws(() => readConfig({ HEADCOUNT_COLLECTOR_PORT: 'tcp://10.0.0.1:8080' }))
  })

  it('give each process settings and addresses that it reads without an error', () => {
    for (const name of Object.keys(settingsMap)) assert.ok(settingNames.has(name), name)
    for (const role of roles) {
      const sources = containerOf(role).envFrom
      assert.deepEqual(sources, [{ configMapRef: { name: 'settings' } }, { secretRef: { name: `${role}-secrets` } }])
      // The form's placeholder is shorter than a secret may be.
      const filled = Object.entries(environmentOf(role)).map(([name, value]) => [
        name,
        value.replace('REPLACE-ME', 'a-secret-of-24-letters'),
      ])
      const config = readConfig(Object.fromEntries(filled))
      if (role !== 'reporting') assert.equal(parseKafkaUrl(config.eventLogUrl).login?.mechanism, 'scram-sha-512')
      if (role === 'collector') continue
      assert.ok(parseRedisUrl(config.keyValueUrl).connection.tls)
      assert.match(parseServerAddress(config.warehouseUrl, '').origin, /^https:/)
    }
  })

  it('give each process the addresses and secrets that it does not start without, and no other', () => {
    assert.deepEqual(Object.keys(settingsMap).filter(isGuarded), [], 'a ConfigMap is no place for them')
    for (const role of roles) {
      const optional = role === 'reporting' ? ['HEADCOUNT_WAREHOUSE_READER_URL'] : ['HEADCOUNT_CHOICE_KEY']
      const given = Object.keys(find('Secret', `${role}-secrets`)?.stringData ?? {}).sort()
      assert.deepEqual(given, [...requiredVariables(role), ...optional].sort())
    }
  })

  it('keep a collector’s spool on a volume that outlives its pod and is larger than the spool can get', () => {
    const claim = workloads.get('collector')?.spec.volumeClaimTemplates?.[0]
    assert.equal(claim?.metadata.name, 'data')
    const spoolBytesMax = Number(settingsMap[variableName('spoolBytesMax')])
    assert.ok(bytes(claim?.spec.resources.requests.storage ?? '') > spoolBytesMax * 1.1)
    assert.ok(spoolBytesMax > Number(settings.spoolBytesMax.default))
  })

  it('have selectors that find their pods', () => {
    for (const role of roles) {
      const { spec } = workloads.get(role) as KubernetesObject
      assert.deepEqual(spec.selector?.matchLabels, { app: role })
      assert.deepEqual(spec.template?.metadata.labels, { app: role })
      assert.deepEqual(find('PodDisruptionBudget', role)?.spec.selector?.matchLabels, { app: role })
    }
    for (const { spec } of objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler'))
      assert.ok(find(spec.scaleTargetRef?.kind ?? '', spec.scaleTargetRef?.name ?? ''))
    assert.ok(find('NetworkPolicy', 'nothing-else'))
  })

  it('are all in the kustomization, but for the form of the secrets', () => {
    const files = filesUnder('infra/kubernetes').map((file) => path.basename(file))
    const rest = files.filter((file) => file !== 'kustomization.yaml' && file !== 'secrets.example.yaml')
    assert.deepEqual([...kustomization().resources].sort(), rest.sort())
  })
})

function kustomization(): { resources: string[]; images: { newTag: string }[] } {
  return parse(readText('infra/kubernetes/kustomization.yaml'))
}
