/** The dialects that the collector speaks: the one place in which a new one is entered. */
import { beaconDialect } from './beacon.ts'
import { cloudEventsDialect } from './cloudevents.ts'
import type { Dialect } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { nativeDialect } from './native.ts'
import { otlpDialect } from './otlp.ts'
import { pixelDialect } from './pixel.ts'
import { plausibleDialect } from './plausible.ts'
import { posthogDialect } from './posthog.ts'
import { posthogQuestions } from './posthog-questions.ts'
import { segmentDialect } from './segment.ts'
import { segmentBrowserDialect } from './segment-browser.ts'
import { snowplowDialect } from './snowplow.ts'

export function everyDialect(options: DialectOptions): Dialect[] {
  const ofPrograms = [nativeDialect, segmentDialect, posthogDialect, posthogQuestions, cloudEventsDialect, otlpDialect]
  const ofPages = [segmentBrowserDialect, plausibleDialect, snowplowDialect, beaconDialect, pixelDialect]
  return [...ofPrograms, ...ofPages].map((make) => make(options))
}
