/** Where the page starts: what stands behind `#` signs in or opens a shared view, and leaves the address. */
import { render } from 'preact'
import { type ApiError, ask, setViewKey } from './api.ts'
import { App } from './app.tsx'
import { applyTheme } from './theme.ts'
import 'uplot/dist/uPlot.min.css'
import './style.css'

applyTheme()
const behind = new URLSearchParams(location.hash.slice(1))
const link = behind.get('sign-in')
const key = behind.get('view')
let refused: ApiError | undefined
if (link !== null) {
  history.replaceState(null, '', location.pathname + location.search)
  await ask('/api/v1/session', { method: 'POST', body: { link } }).catch((error: ApiError) => {
    refused = error
  })
}
if (key !== null) setViewKey(key)
const root = document.getElementById('page')
if (root) render(<App refused={refused} />, root)
