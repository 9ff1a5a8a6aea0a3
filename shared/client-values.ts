/** The closed lists that a user agent is reduced to (services/worker/classify-client.ts) and that the catalogue's
 * `client.*` dimensions therefore have. */
export const browsers = [
  'Chrome',
  'Edge',
  'Firefox',
  'Internet Explorer',
  'Opera',
  'Safari',
  'Samsung Internet',
] as const
export const systems = ['Android', 'Chrome OS', 'iOS', 'Linux', 'macOS', 'Windows'] as const
export const deviceTypes = ['desktop', 'mobile', 'tablet', 'tv', 'bot'] as const
