/** Light, dark, or as the system has it; remembered in this browser. */
const themes = ['auto', 'light', 'dark'] as const
type Theme = (typeof themes)[number]
const name = 'headcount-theme'

function current(): Theme {
  return themes.find((theme) => theme === localStorage.getItem(name)) ?? 'auto'
}

export function themeTitle(): string {
  return { auto: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' }[current()]
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = current()
  dispatchEvent(new Event('theme'))
}

/** Returns the title of the one that is used from now on. */
export function nextTheme(): string {
  localStorage.setItem(name, themes[(themes.indexOf(current()) + 1) % themes.length] ?? 'auto')
  applyTheme()
  return themeTitle()
}
