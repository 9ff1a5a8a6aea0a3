/**
 * The promises of policy.txt that touch usage data, clause by clause: what the policy says, what the system does about it,
 * and what shows that it does. The page at `/privacy` prints them, and test/policy/ has a file for each, by its id.
 */

export interface Clause {
  readonly id: string
  /** The policy's words, shortened. */
  readonly says: string
  /** Backquotes mark code, as in Markdown. */
  readonly does: string
  readonly shownBy: string
}

export const clauses: readonly Clause[] = [
  {
    id: 'collect-ip',
    says: 'we receive your IP address',
    does: 'the collector takes it from the connection; the worker derives country (if a database is configured) and a pseudonym, then drops it',
    shownBy: 'a canary address is found nowhere outside the raw log within retention, nowhere at all after',
  },
  {
    id: 'collect-device',
    says: 'device identification',
    does: 'accepted, pseudonymised with day and month keys, never stored raw',
    shownBy: 'as above',
  },
  {
    id: 'collect-cookie',
    says: 'identifiers we transfer to your browser',
    does: 'first-party cookie, random, `Secure HttpOnly SameSite=Lax`, bounded life; off with one setting; a browser without it is still counted',
    shownBy: 'a real browser with cookies on, off and cleared',
  },
  {
    id: 'collect-browser',
    says: 'type of browser or device',
    does: 'reduced to browser family, OS family and device type from a closed list',
    shownBy: 'no raw user agent in any table',
  },
  {
    id: 'collect-feature',
    says: 'the feature you are using, how and when pages and features are visited and by how many people',
    does: 'feature counts and uniques per minute, hour, day, week, month',
    shownBy: 'counts equal an independent count of the same input',
  },
  {
    id: 'cookies-off',
    says: "you may limit your device's acceptance of cookies",
    does: 'works without; without an identifier only a day pseudonym exists',
    shownBy: 'two days of a cookie-less browser are not linked in any grain',
  },
  {
    id: 'third-party-cookies',
    says: "we do not cover third parties' cookies",
    does: 'the tracker and dashboard load nothing from any other origin',
    shownBy: 'a browser run records zero cross-origin requests',
  },
  {
    id: 'aggregate-only',
    says: 'we only use this data in aggregate form',
    does: "no table with a row per event or device; unique states only while a window is open, integers afterwards; on a server the worker's user cannot create tables at run time",
    shownBy: 'schema and state check on the running database',
  },
  {
    id: 'not-identify',
    says: 'not in a manner that would identify you',
    does: 'analyst results below k devices are suppressed, with complementary suppression; what leaves the boundary is a release or closed days',
    shownBy: 'attack battery in `privacy.md`',
  },
  {
    id: 'share-aggregate',
    says: 'we may provide aggregate usage information to partners',
    does: 'frozen, noised, thresholded releases only',
    shownBy: 'attack battery',
  },
  {
    id: 'never-disclose',
    says: 'never in a manner that would identify you as an individual',
    does: 'stated differential-privacy guarantee with a ledger that refuses to overspend',
    shownBy: 'ledger and audit tests',
  },
  {
    id: 'share-purposes',
    says: 'affiliated businesses, agents: only to the extent related, no other rights',
    does: 'each partner key names its datasets, purpose and end date; nothing outside them is served',
    shownBy: 'scope tests',
  },
  {
    id: 'disclosure-notice',
    says: 'California Civil Code 1798.83: categories shared, with whom',
    does: '`GET /privacy/disclosures` from the hash-chained ledger: which categories and datasets went to which partner and when',
    shownBy: 'ledger verified end to end; tampering detected',
  },
  {
    id: 'opt-out',
    says: 'you can always opt not to disclose',
    does: 'recorded choice by device or cookie, `Sec-GPC: 1`, `DNT: 1`; takes effect before anything is written; survives the loss of Redis; a node-side switch',
    shownBy: 'an opted-out sender leaves no trace but a total',
  },
  {
    id: 'delete',
    says: 'you may request deletion',
    does: 'raw records still in the log are cut out of all further processing at once and expire; keys and choices that would link them are removed; aggregates stay and cannot be tied back',
    shownBy: 'request, then canary scan',
  },
  {
    id: 'access',
    says: 'what can I access',
    does: 'a subject sees what is held under their identifier: choice, raw records still in retention, and nothing else',
    shownBy: 'round trip',
  },
  {
    id: 'update',
    says: 'when you update, we may keep the unrevised copy',
    does: 'choices are versioned with time and policy version',
    shownBy: 'history of a choice',
  },
  {
    id: 'under-13',
    says: 'we do not knowingly collect from under 13; we delete as quickly as possible',
    does: 'an event marked as from a child is refused and its identifier is handled as a deletion',
    shownBy: 'sent, refused, nothing kept',
  },
  {
    id: 'confidential',
    says: 'we do not want confidential business information; deleted when learned',
    does: 'undeclared fields are dropped at the door; values that look like secrets, emails, keys or paths are never kept, not even in quarantine',
    shownBy: 'property test over such values',
  },
  {
    id: 'personal-refused',
    says: 'names, email, phone, third-party credentials',
    does: 'refused: `identify` traits and such properties are discarded unread',
    shownBy: 'canary scan',
  },
  {
    id: 'policy-change',
    says: 'policy changes are notified; use means agreement',
    does: 'the policy has a version; senders are told the current version in a header and `GET /v1/policy`; an event may carry the version agreed to; the operator can require a minimum version, older ones are refused',
    shownBy: 'version bump run',
  },
  {
    id: 'legal-hold',
    says: 'preserve and disclose to comply with law',
    does: 'an operator can place a hold by case id that stops expiry of aggregates and ledger; raw identifiers are not extended by it unless explicitly ordered; every use is in the ledger',
    shownBy: 'hold and release',
  },
  {
    id: 'protect',
    says: 'protect against unauthorised access',
    does: 'every endpoint authenticated or deliberately public; least privilege; secrets hashed; TLS possible; rate limits',
    shownBy: 'access matrix test',
  },
  {
    id: 'business-transfer',
    says: 'assets may be transferred',
    does: 'aggregates, releases and ledger can be exported and restored whole, verified by checksum',
    shownBy: 'export, restore, compare',
  },
  {
    id: 'retained-aggregates',
    says: 'aggregated data may be used after deletion, not identifying you',
    does: 'aggregates keep no key that could be recomputed',
    shownBy: 'key destroyed, dictionary attack finds nothing',
  },
  {
    id: 'contact',
    says: 'questions to an address',
    does: "the public page shows the operator's contact and policy",
    shownBy: 'page test',
  },
]
