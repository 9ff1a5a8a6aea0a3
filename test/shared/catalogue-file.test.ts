import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findFeature, findFeatureOfPath, foldValue, isDeclaredBySet, publicCatalogue } from '../../shared/catalogue.ts'
import { CatalogueError } from '../../shared/catalogue-field.ts'
import { parseCatalogue, readCatalogue } from '../../shared/catalogue-file.ts'

const good = `version: "1"
features:
  - { id: blog, title: Blog, paths: [/blog, /wp-], events: [Blog Read] }
  - { id: posts, title: Posts, paths: [/blog/posts] }
dimensions:
  - { id: feature, title: Feature, from: feature }
  - { id: version, title: Version, from: event, rule: '\\d+\\.\\d+', cap: 5 }
  - { id: size, title: Size, from: event, field: nodes, buckets: [1, 2, 10] }
measures:
  - { id: nodes, title: Nodes, unit: nodes, min: 0, max: 10 }
datasets:
  - { id: usage, title: Usage, dimensions: [feature, version] }
`

function mistakesOf(source: string): string[] {
  try {
    parseCatalogue(source, 'my.yaml')
  } catch (error) {
    assert.ok(error instanceof CatalogueError, String(error))
    return error.message.split('\n').slice(1)
  }
  return []
}

test('the catalogue for DC/OS is right, and has the six datasets', () => {
  assert.deepEqual(
    readCatalogue('').datasets.map(({ id }) => id),
    ['feature_usage', 'deployments', 'packages', 'health', 'clients', 'geography'],
  )
})

test('a mistake is named with file, line and mend', () => {
  const cases: [find: string, replace: string, expected: RegExp][] = [
    ['id: posts', 'id: blog', /^my\.yaml:4: `blog` is declared twice$/],
    ['cap: 5', 'cap: 0', /^my\.yaml:7: `cap` must be a whole number from 1 to 10000$/],
    ['from: feature', 'from: nowhere', /^my\.yaml:6: `from` must be one of feature, event, /],
    ["rule: '\\d+\\.\\d+'", "rule: '('", /^my\.yaml:7: `rule` is not a regular expression/],
    ['[feature, version] }', '[feature, colour] }', /^my\.yaml:12: `colour` is not a declared dimension$/],
    ['title: Usage', 'titel: Usage', /^my\.yaml:12: `titel` is not known here; there may be id, title/],
    ['id: size', 'id: nodes', /^my\.yaml:10: `nodes` is declared twice$/],
    ['id: size', 'id: window', /^my\.yaml:8: `window` must be lower-case letters/],
    ['field: nodes', 'field: device', /^my\.yaml:8: `device` identifies a sender/],
    ['buckets: [1, 2, 10]', 'buckets: [1, 10, 2]', /^my\.yaml:8: bounds must grow$/],
    ['paths: [/blog/posts]', 'paths: [blog]', /^my\.yaml:4: each path prefix must start with \/$/],
    ['max: 10', 'max: 0', /^my\.yaml:10: `max` must be above `min`$/],
    ['- { id: posts', '- { id: posts, id: posts', /^my\.yaml:4: Map keys must be unique$/],
  ]
  for (const [find, replace, expected] of cases) {
    const [first = ''] = mistakesOf(good.replace(find, replace))
    assert.match(first, expected, `${find} → ${replace}`)
  }
  assert.deepEqual(mistakesOf(good), [])
})

test('all mistakes are told at once', () => {
  assert.equal(mistakesOf(good.replace('cap: 5', 'cap: 0').replace('max: 10', 'max: 0')).length, 2)
})

test('a file that is not there says which setting to mend', () => {
  assert.throws(() => readCatalogue('/nowhere.yaml'), /\/nowhere\.yaml: cannot be read .*HEADCOUNT_CATALOGUE/)
})

test('features are found by id, by other name and by the longest path prefix, at boundaries', () => {
  const catalogue = parseCatalogue(good, 'my.yaml')
  assert.equal(findFeature(catalogue, 'Blog Read')?.id, 'blog')
  assert.equal(findFeature(catalogue, '__proto__'), undefined)
  const paths: [string, string | undefined][] = [
    ['/blog', 'blog'],
    ['/blog/2015?x=/blog/posts', 'blog'],
    ['/blog/posts/1', 'posts'],
    ['/blogs', undefined],
    ['/wp-login.php', 'blog'],
    ['/', undefined],
    ['', undefined],
  ]
  for (const [path, expected] of paths) assert.equal(findFeatureOfPath(catalogue, path)?.id, expected, path)
})

test('values fold into lists, rules and buckets; everything else is (other), nothing is (none)', () => {
  const [feature, version, size] = parseCatalogue(good, 'my.yaml').dimensions
  assert.ok(feature && version && size, 'three dimensions')
  assert.equal(foldValue(feature, 'blog'), 'blog')
  assert.equal(foldValue(feature, 'someone@example.org'), '(other)')
  assert.equal(foldValue(version, '1.10'), '1.10')
  assert.equal(foldValue(version, '1.10 and free text'), '(other)')
  assert.equal(foldValue(version, `1.${'1'.repeat(100)}`), '(other)')
  assert.equal(foldValue(version, undefined), '(none)')
  assert.deepEqual(
    [0, 1, 2, 9, 10, 1e9, Number.NaN].map((nodes) => foldValue(size, nodes)),
    ['under 1', '1', '2–9', '2–9', '10 or more', '10 or more', '(other)'],
  )
})

test('sets of dimensions: none, each and all are always declared', () => {
  const [usage] = parseCatalogue(good, 'my.yaml').datasets
  assert.ok(usage, 'a dataset')
  for (const set of [[], ['feature'], ['version'], ['version', 'feature']])
    assert.ok(isDeclaredBySet(usage, set), set.join())
})

test('a new dimension is one edit: it shows in fields, public catalogue and data set', () => {
  const edited = good
    .replace('datasets:', '')
    .replace('measures:', '  - { id: colour, title: Colour, from: event, values: [red, blue] }\nmeasures:')
    .replace('  - { id: usage', 'datasets:\n  - { id: usage')
    .replace('[feature, version] }', '[feature, version, colour] }')
  const catalogue = parseCatalogue(edited, 'my.yaml')
  assert.equal(catalogue.fields.get('colour'), 'text')
  assert.match(JSON.stringify(publicCatalogue(catalogue)), /"id":"colour".*"values":\["red","blue"\]/)
})
