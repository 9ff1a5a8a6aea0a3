/**
 * Delta Sharing, read-only (protocol of delta-io/delta-sharing), so that its clients load releases unchanged: each published
 * day is one Parquet file, given out as a signed link. The files are the same frozen bytes as everywhere.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { parseTime } from '../../../shared/rfc3339.ts'
import { asProblem } from '../failure.ts'
import type { FrozenManifest } from '../partner-api/frozen-files.ts'
import { takeJsonBodies } from '../partner-api/json-bodies.ts'
import type { PartnerParts } from '../partner-api/partner-api.ts'
import type { Admitted } from '../partner-api/partner-door.ts'
import { badRequest, unreadable } from '../partner-api/partner-problems.ts'
import { publicAddress } from '../partner-api/public-address.ts'
import { type PublishedRelease, publishedOf } from '../partner-api/published.ts'
import { fileLine, metaDataLine, protocolLine } from './delta-actions.ts'
import { sendDeltaError } from './delta-error.ts'
import { listPage } from './delta-list.ts'
import { checkNames, datasetOf, schemaName, shareName, type TablePath } from './delta-names.ts'
import { deltaSchemas } from './delta-schemas.ts'
import { snapshotOf, versionFrom } from './delta-version.ts'

const bodyBytesMax = 64 * 1024
const capabilities = 'responseformat=parquet'

type Route = { Params: TablePath; Querystring: Record<string, unknown> }

export function addDeltaSharing(part: FastifyInstance, parts: PartnerParts): void {
  const { config, door, datasets, files, links, logger, countRefusal } = parts
  takeJsonBodies(part, bodyBytesMax)
  part.setErrorHandler((error, _request, reply) => {
    const refused = asProblem(error, logger)
    countRefusal(refused)
    sendDeltaError(reply, refused.problem, refused.headers)
  })

  const share = { name: shareName, id: shareName }
  const tableOf = (name: string) => ({ name, schema: schemaName, share: shareName, shareId: shareName })

  part.get<Route>('/shares', { schema: deltaSchemas.shares }, async (request, reply) => {
    const admitted = await door.admit(request, reply)
    await door.record(reply, admitted, { what: 'delta' })
    return reply.send(listPage([share], request.query))
  })
  part.get<Route>('/shares/:share', { schema: deltaSchemas.share }, async (request, reply) => {
    const admitted = await door.admit(request, reply)
    checkNames(request.params)
    await door.record(reply, admitted, { what: 'delta' })
    return reply.send({ share })
  })
  part.get<Route>('/shares/:share/schemas', { schema: deltaSchemas.schemas }, async (request, reply) => {
    const admitted = await door.admit(request, reply)
    checkNames(request.params)
    await door.record(reply, admitted, { what: 'delta' })
    return reply.send(listPage([{ name: schemaName, share: shareName }], request.query))
  })
  for (const [url, schema] of [
    ['/shares/:share/all-tables', deltaSchemas.allTables],
    ['/shares/:share/schemas/:schema/tables', deltaSchemas.tables],
  ] as const)
    part.get<Route>(url, { schema }, async (request, reply) => {
      const admitted = await door.admit(request, reply)
      checkNames(request.params)
      await door.record(reply, admitted, { what: 'delta' })
      return reply.send(listPage(datasets.inScope(admitted.partner, admitted.state).map(tableOf), request.query))
    })

  const table = '/shares/:share/schemas/:schema/tables/:table'
  part.get<Route>(`${table}/version`, { schema: deltaSchemas.version }, async (request, reply) => {
    const { dataset, published, admitted } = await open(await door.admit(request, reply), request.params)
    const version = versionFrom(published, request.query.startingTimestamp)
    await door.record(reply, admitted, { what: 'delta', dataset })
    return versioned(reply, version).send()
  })
  part.get<Route>(`${table}/metadata`, { schema: deltaSchemas.metadata }, async (request, reply) => {
    const { dataset, published, admitted } = await open(await door.admit(request, reply), request.params)
    const facts = await datasets.describe(dataset, admitted.state)
    await door.record(reply, admitted, { what: 'delta', dataset })
    return sendLines(versioned(reply, published.length), [protocolLine(), metaDataLine(facts)])
  })
  part.post<Route>(`${table}/query`, { schema: deltaSchemas.query }, async (request, reply) => {
    if (wantsOnlyDelta(request.headers['delta-sharing-capabilities']))
      throw badRequest('This server answers with responseformat=parquet only')
    const asked = (request.body ?? {}) as Record<string, unknown>
    const { dataset, published, admitted } = await open(await door.admit(request, reply), request.params)
    const { version, releases } = snapshotOf(published, asked)
    const facts = await datasets.describe(dataset, admitted.state)
    const wanted = enoughFor(asked.limitHint, releases)
    const parquet = await Promise.all(wanted.map(async (release) => parquetOf(release, await files.manifest(release))))
    const { partner, until } = admitted.partner
    const signed = await links.signAll(
      parquet.map(({ day, sha256 }) => ({ partner, dataset, day, format: 'parquet', sha256 })),
      parseTime(until),
    )
    await door.record(reply, admitted, { what: 'delta', dataset })
    const base = publicAddress(config, request)
    const lines = parquet.map((file, index) => {
      const { token = '', expiresAt = 0 } = signed[index] ?? {}
      return fileLine({ ...file, url: `${base}/partner/v1/files/${token}`, expiresAt })
    })
    const size = parquet.reduce((sum, { bytes }) => sum + bytes, 0)
    const totals = { version, size, files: parquet.length }
    return sendLines(versioned(reply, version), [protocolLine(), metaDataLine(facts, totals), ...lines])
  })

  /** @throws ProblemError 404 */
  async function open(admitted: Admitted, path: TablePath) {
    checkNames(path)
    const dataset = datasetOf(path, datasets.inScope(admitted.partner, admitted.state))
    return { dataset, published: publishedOf(admitted.state, dataset), admitted }
  }
}

function parquetOf({ day, rows }: PublishedRelease, { manifest }: FrozenManifest) {
  const file = manifest.files.find(({ format }) => format === 'parquet')
  if (!file) throw unreadable()
  return { day, rows, bytes: file.bytes, sha256: file.sha256 }
}

/** A hint: fewer files will do, as long as they have that many rows. */
function enoughFor(limitHint: unknown, releases: readonly PublishedRelease[]): readonly PublishedRelease[] {
  if (typeof limitHint !== 'number' || !(limitHint >= 0)) return releases
  let rows = 0
  const end = releases.findIndex((release) => {
    rows += release.rows
    return rows >= limitHint
  })
  return end < 0 ? releases : releases.slice(0, end + 1)
}

function versioned(reply: FastifyReply, version: number): FastifyReply {
  return reply.headers({ 'delta-table-version': String(version), 'delta-sharing-capabilities': capabilities })
}

function sendLines(reply: FastifyReply, lines: readonly object[]): FastifyReply {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  return reply.header('content-type', 'application/x-ndjson; charset=utf-8').send(text)
}

/** `responseformat=delta;readerfeatures=…`; a client that names parquet too, or nothing, gets parquet. */
function wantsOnlyDelta(header: string | string[] | undefined): boolean {
  const formats = /responseformat=([\w,]*)/i.exec([header].flat().join(';'))?.[1]
  return formats !== undefined && !formats.toLowerCase().split(',').includes('parquet')
}
