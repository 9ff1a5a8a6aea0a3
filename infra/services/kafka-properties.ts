/** The `server.properties` of one broker: KRaft, broker and controller in one process, everything on 127.0.0.1. */

export interface NodePlace {
  id: number
  /** Of the listener clients use. */
  port: number
  controllerPort: number
  /** Of the listener with TLS and passwords, where there is one. */
  securePort?: number
}

/** A listener that asks for TLS and a password (SASL PLAIN). */
export interface SecureListener {
  /** PKCS #12 file with the broker's key and certificate. */
  keystore: string
  keystorePassword: string
  user: string
  password: string
}

/**
 * The text of the file.
 * @param own settings of the caller that go before the ones made here (`group.min.session.timeout.ms`, …)
 */
export function brokerProperties(
  node: NodePlace,
  nodes: readonly NodePlace[],
  dataDir: string,
  secure: SecureListener | undefined,
  own: Readonly<Record<string, string>>,
): string {
  const copies = String(Math.min(3, nodes.length))
  const inSync = nodes.length >= 3 ? '2' : '1'
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': nodes.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(','),
    ...listeners(node, secure),
    'log.dirs': dataDir,
    'num.partitions': '1',
    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': '8',
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker may register again only when its last session is over: 9 s unless said otherwise.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '500',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.cleaner.dedupe.buffer.size': String(16 * 1024 * 1024),
    'controlled.shutdown.enable': 'true',
    // With one copy there is no other broker to have it after a power cut: commits too must be on the disk.
    ...(nodes.length === 1 ? { 'log.flush.interval.messages': '1' } : {}),
    ...own,
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function listeners(node: NodePlace, secure: SecureListener | undefined): Record<string, string> {
  const client = `CLIENT://127.0.0.1:${node.port}`
  const protocols = 'CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT'
  const plain = { 'controller.listener.names': 'CONTROLLER', 'inter.broker.listener.name': 'CLIENT' }
  const controller = `CONTROLLER://127.0.0.1:${node.controllerPort}`
  if (!secure || node.securePort === undefined) {
    const names = { listeners: `${client},${controller}`, 'advertised.listeners': client }
    return { ...plain, ...names, 'listener.security.protocol.map': protocols }
  }
  const guarded = `SECURE://127.0.0.1:${node.securePort}`
  const login =
    'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
    `username="${secure.user}" password="${secure.password}" user_${secure.user}="${secure.password}";`
  return {
    ...plain,
    listeners: `${client},${guarded},${controller}`,
    'advertised.listeners': `${client},${guarded}`,
    'listener.security.protocol.map': `${protocols},SECURE:SASL_SSL`,
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.secure.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.secure.plain.sasl.jaas.config': login,
    'listener.name.secure.ssl.keystore.type': 'PKCS12',
    'listener.name.secure.ssl.keystore.location': secure.keystore,
    'listener.name.secure.ssl.keystore.password': secure.keystorePassword,
    'listener.name.secure.ssl.key.password': secure.keystorePassword,
  }
}
