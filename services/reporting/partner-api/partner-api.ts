/**
 * The partner API: published releases, and nothing else, for whoever has a key. Every handler takes the same steps: check
 * the request by itself, admit the partner, find what is theirs, record, send.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Config } from '../../../shared/config.ts'
import { sendProblem } from '../../../shared/http/problem-answer.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import type { Logger } from '../../../shared/logger.ts'
import type { Metrics } from '../../../shared/metrics.ts'
import { parseTime } from '../../../shared/rfc3339.ts'
import type { ReleaseFormat } from '../../release/release-store.ts'
import { sha256Hex } from '../../release/sha256.ts'
import { addDeltaSharing } from '../delta-sharing/delta-sharing.ts'
import { asProblem } from '../failure.ts'
import { dataPackageOf } from './data-package.ts'
import { Datasets } from './dataset-facts.ts'
import { FileLinks } from './file-links.ts'
import { fileName, formatOfFile } from './file-names.ts'
import type { FrozenFiles } from './frozen-files.ts'
import { takeJsonBodies } from './json-bodies.ts'
import { pageOf, readPageRequest } from './page-of-days.ts'
import { type Admitted, headText, PartnerDoor } from './partner-door.ts'
import { noSuchLink, noSuchRelease } from './partner-problems.ts'
import { partnerSchemas } from './partner-schemas.ts'
import { publicAddress } from './public-address.ts'
import { findPublished, type PublishedRelease, publishedOf } from './published.ts'
import { type CountRefusal, refusalCounter } from './refusals.ts'
import { releaseLinks } from './release-links.ts'
import { onlyParameters, readFormat } from './request-inputs.ts'
import { sendFrozen } from './send-frozen.ts'

/** Predicates of Delta Sharing clients can be long; nothing else has a body worth mentioning. */
const bodyBytesMax = 64 * 1024
const linkMaxAgeSeconds = 60

export interface PartnerApiDeps {
  readonly config: Config
  readonly catalogue: Catalogue
  readonly ledger: Ledger
  readonly files: FrozenFiles
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
}

/** What the routes of partners, here and in delta-sharing/, work with. */
export interface PartnerParts {
  readonly config: Config
  readonly door: PartnerDoor
  readonly files: FrozenFiles
  readonly datasets: Datasets
  readonly links: FileLinks
  readonly logger: Logger
  readonly countRefusal: CountRefusal
}

interface ReleasePath {
  dataset: string
  day: string
}

export function addPartnerApi(app: FastifyInstance, deps: PartnerApiDeps): void {
  const { config, catalogue, files, logger, metrics } = deps
  const parts: PartnerParts = {
    config,
    door: new PartnerDoor({ ...deps, requestsPerMinute: config.partnerRequestsPerMinute }),
    files,
    datasets: new Datasets(catalogue, files),
    links: new FileLinks(deps),
    logger,
    countRefusal: refusalCounter(metrics),
  }
  app.register(async (part) => addPartnerRoutes(part, parts), { prefix: '/partner/v1' })
  app.register(async (part) => addDeltaSharing(part, parts), { prefix: '/partner/v1/delta' })
}

function addPartnerRoutes(part: FastifyInstance, parts: PartnerParts): void {
  const { config, door, files, datasets, links, logger, countRefusal } = parts
  takeJsonBodies(part, bodyBytesMax)
  part.setErrorHandler((error, _request, reply) => {
    const refused = asProblem(error, logger)
    countRefusal(refused)
    sendProblem(reply, refused.problem, refused.headers)
  })

  part.get('/datasets', { schema: partnerSchemas.datasets }, async (request, reply) => {
    onlyParameters(request.query)
    const admitted = await door.admit(request, reply)
    const { partner, state } = admitted
    const base = publicAddress(config, request)
    const described = await Promise.all(datasets.inScope(partner, state).map((id) => datasets.describe(id, state)))
    await door.record(reply, admitted, { what: 'list' })
    return reply.send({
      partner: partner.name,
      until: partner.until,
      guide: `${base}/partner/guide`,
      datasets: described.map((facts) => ({
        ...facts,
        links: { releases: `${base}/partner/v1/datasets/${facts.id}/releases` },
      })),
    })
  })

  part.get<{ Params: { dataset: string } }>(
    '/datasets/:dataset/releases',
    { schema: partnerSchemas.releases },
    async (request, reply) => {
      const query = onlyParameters(request.query, 'limit', 'cursor')
      const wanted = readPageRequest(query)
      const admitted = await door.admit(request, reply)
      const { dataset } = request.params
      const published = publishedOf(admitted.state, dataset)
      if (!datasets.inScope(admitted.partner, admitted.state).includes(dataset)) throw noSuchRelease()
      const { entries, next } = pageOf(published, wanted)
      await door.record(reply, admitted, { what: 'list', dataset })
      const base = publicAddress(config, request)
      const here = `${base}/partner/v1/datasets/${dataset}/releases`
      return reply.send({
        dataset,
        releases: entries.map((release) => describeRelease(release, base)),
        next,
        links: { next: next === null ? null : `${here}?limit=${wanted.limit}&cursor=${next}` },
      })
    },
  )

  part.get<{ Params: ReleasePath }>(
    '/datasets/:dataset/releases/:day',
    { schema: partnerSchemas.release },
    async (request, reply) => {
      const { format } = onlyParameters(request.query, 'format')
      const wanted = format === undefined ? undefined : readFormat(format)
      const admitted = await door.admit(request, reply)
      const release = theirs(admitted, request.params)
      if (wanted) return sendFile(request, reply, admitted, release, wanted)
      const { bytes } = await files.manifest(release)
      const { dataset, day, sha256 } = release
      await door.record(reply, admitted, { what: 'manifest', dataset, day, sha256 })
      return sendFrozen(request, reply, {
        ...{ bytes, sha256, mediaType: 'application/json' },
        filename: `${dataset}-${day}-manifest.json`,
      })
    },
  )

  part.get<{ Params: ReleasePath }>(
    '/datasets/:dataset/releases/:day/datapackage.json',
    { schema: partnerSchemas.dataPackage },
    async (request, reply) => {
      onlyParameters(request.query)
      const admitted = await door.admit(request, reply)
      const release = theirs(admitted, request.params)
      const bytes = dataPackageOf((await files.manifest(release)).manifest)
      const { dataset, day, sha256 } = release
      await door.record(reply, admitted, { what: 'manifest', dataset, day, sha256 })
      return sendFrozen(request, reply, {
        ...{ bytes, sha256: sha256Hex(bytes), mediaType: 'application/json' },
        // A later version of the server may describe the same release in other words.
        ...{ filename: 'datapackage.json', maxAgeSeconds: 3600 },
      })
    },
  )

  part.get<{ Params: ReleasePath & { file: string } }>(
    '/datasets/:dataset/releases/:day/:file',
    { schema: partnerSchemas.namedFile },
    async (request, reply) => {
      onlyParameters(request.query)
      const admitted = await door.admit(request, reply)
      const { dataset, day, file } = request.params
      const format = formatOfFile(dataset, day, file)
      const release = theirs(admitted, request.params)
      if (!format) throw noSuchRelease()
      return sendFile(request, reply, admitted, release, format)
    },
  )

  part.post<{ Params: ReleasePath }>(
    '/datasets/:dataset/releases/:day/links',
    { schema: partnerSchemas.makeLink },
    async (request, reply) => {
      const format = readFormat(onlyParameters(request.query, 'format').format)
      const admitted = await door.admit(request, reply)
      const release = theirs(admitted, request.params)
      const { sha256, mediaType, bytes } = await files.file(release, format)
      const { dataset, day } = release
      const { partner, until } = admitted.partner
      const { token, expiresAt } = await links.sign({ partner, dataset, day, format, sha256 }, parseTime(until))
      await door.record(reply, admitted, { what: 'link', dataset, day, format, sha256 })
      return reply.send({
        url: `${publicAddress(config, request)}/partner/v1/files/${token}`,
        expiresAt: new Date(expiresAt).toISOString(),
        ...{ format, mediaType, bytes: bytes.length, sha256 },
      })
    },
  )

  part.get<{ Params: { token: string } }>(
    '/files/:token',
    { schema: partnerSchemas.linked },
    async (request, reply) => {
      const link = await links.read(request.params.token)
      const admitted = await door.admitByLink(request, reply, link)
      const release = link && findPublished(admitted.state, admitted.partner, link.dataset, link.day)
      if (!release) throw noSuchLink()
      return sendFile(request, reply, admitted, release, link.format, linkMaxAgeSeconds)
    },
  )

  part.get('/ledger/head', { schema: partnerSchemas.ledgerHead }, async (request, reply) => {
    onlyParameters(request.query)
    const admitted = await door.admit(request, reply)
    await door.record(reply, admitted, { what: 'list' })
    const text = String(reply.getHeader('headcount-ledger-head') ?? headText(admitted.state.head))
    const [seq, hash] = text.split(':')
    return reply.send({ seq: Number(seq), hash, head: text })
  })

  /** @param maxAgeSeconds for a link: after it has ended its answer should not be used as if it were good */
  async function sendFile(
    request: FastifyRequest,
    reply: FastifyReply,
    admitted: Admitted,
    release: PublishedRelease,
    format: ReleaseFormat,
    maxAgeSeconds?: number,
  ): Promise<FastifyReply> {
    const file = await files.file(release, format)
    const { dataset, day } = release
    await door.record(reply, admitted, { what: 'file', dataset, day, format, sha256: file.sha256 })
    const answer = { ...file, filename: fileName(dataset, day, format) }
    return sendFrozen(request, reply, { ...answer, ...(maxAgeSeconds !== undefined && { maxAgeSeconds }) })
  }
}

/** @throws ProblemError 404, the same for everything that is not there for this partner */
function theirs({ state, partner }: Admitted, { dataset, day }: ReleasePath): PublishedRelease {
  const release = findPublished(state, partner, dataset, day)
  if (!release) throw noSuchRelease()
  return release
}

function describeRelease(release: PublishedRelease, base: string): object {
  const { dataset, day, sha256, rows, specification, publishedAt } = release
  return { day, rows, sha256, specification, publishedAt, links: releaseLinks(base, dataset, day) }
}
