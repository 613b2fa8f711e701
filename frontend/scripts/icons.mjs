// Makes one sprite of the Lucide icons that `src/pieces/icons.json` names, as `virtual:icons`: a file of its own that
// the browser keeps, so that an icon costs the script nothing and the page two elements.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const LIST = fileURLToPath(new URL('../src/pieces/icons.json', import.meta.url))
const LICENCE = fileURLToPath(new URL('../node_modules/lucide-static/LICENSE', import.meta.url))
const ID = 'virtual:icons'

/** @param {string} name */
function symbol(name) {
  const file = new URL(`../node_modules/lucide-static/icons/${name}.svg`, import.meta.url)
  const drawing = readFileSync(file, 'utf8')
  const inner = drawing.slice(drawing.indexOf('>', drawing.indexOf('<svg')) + 1, drawing.lastIndexOf('</svg>'))
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, '')}</symbol>`
}

export function sprite() {
  const names = JSON.parse(readFileSync(LIST, 'utf8'))
  return `<svg xmlns="http://www.w3.org/2000/svg">${names.map(symbol).join('')}</svg>\n`
}

/** @returns {import('vite').Plugin} */
export function icons() {
  return {
    name: 'weft-icons',
    resolveId: (id) => (id === ID ? `\0${ID}` : null),
    load(id) {
      if (id !== `\0${ID}`) return null
      this.addWatchFile(LIST)
      this.emitFile({ type: 'asset', fileName: '.vite/lucide-licence.txt', source: readFileSync(LICENCE, 'utf8') })
      const reference = this.emitFile({ type: 'asset', name: 'icons.svg', source: sprite() })
      return `export default import.meta.ROLLUP_FILE_URL_${reference}`
    },
  }
}
