/** How the same five tasks are done in two others, as their own documentation says it: a step is a click, or one key. */
export interface Flow {
  readonly steps: readonly string[]
  /** What the count does not say. */
  readonly beside: string
  readonly sources: readonly string[]
}

export interface ComparedTask {
  readonly task: string
  readonly plausible: Flow
  /** Undefined: their documentation has no way. */
  readonly umami: Flow | undefined
}

const plausible = (page: string) => `https://plausible.io/docs/${page}`
const umami = (page: string) => `https://docs.umami.is/docs/${page}`

export const comparedTasks: readonly ComparedTask[] = [
  {
    task: 'Which version is rising',
    plausible: {
      steps: ['Properties', 'list of properties', 'version', 'key X (compare)'],
      beside: 'the changes are in tooltips, one row at a time; properties are first configured in the settings',
      sources: [plausible('custom-props/props-dashboard'), plausible('compare-stats'), plausible('keyboard-shortcuts')],
    },
    umami: undefined,
  },
  {
    task: 'Which feature fell this week',
    plausible: {
      steps: ['key W (last 7 days)', 'key X (compare)'],
      beside: 'features are goals; the changes are in tooltips, one row at a time',
      sources: [plausible('keyboard-shortcuts'), plausible('compare-stats'), plausible('goal-conversions')],
    },
    umami: {
      steps: ['Compare', 'list of periods', 'this week', 'Events'],
      beside: 'features are events; the change stands beside each row',
      sources: [umami('compare'), umami('track-events')],
    },
  },
  {
    task: 'Share of AWS',
    plausible: {
      steps: ['Properties', 'list of properties', 'provider'],
      beside: 'properties are first configured in the settings',
      sources: [plausible('custom-props/props-dashboard')],
    },
    umami: {
      steps: ['Events', 'Properties', 'provider'],
      beside: 'of one event at a time',
      sources: [umami('track-events')],
    },
  },
  {
    task: 'Export it',
    plausible: {
      steps: ['Download'],
      beside: 'all reports at once, as a ZIP of CSV files of at most 300 rows',
      sources: [plausible('export-stats')],
    },
    umami: {
      steps: ['side menu', 'Settings', 'Data: Export', 'Export (of the form)', 'link in an email'],
      beside:
        'in the cloud, the raw data; its sources also have a button for a ZIP, of which the documentation says nothing',
      sources: ['https://docs.umami.is/docs/cloud/export-data'],
    },
  },
  {
    task: 'Share it',
    plausible: {
      steps: ['site name', 'Site Settings', 'Visibility', '+ New link', 'Create shared link', 'copy'],
      beside: 'a name is typed; the link shows the whole dashboard as it goes on, unless a saved segment limits it',
      sources: [plausible('shared-links'), plausible('website-settings')],
    },
    umami: {
      steps: ['Websites', 'Edit', 'Share URL: Add', 'Save', 'copy'],
      beside: 'a form is filled in; it says which reports the link shows',
      sources: [umami('enable-share-url')],
    },
  },
]
