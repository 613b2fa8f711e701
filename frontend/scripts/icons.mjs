// Makes one sprite of the Lucide icons that `src/pieces/icons.json` names, as `virtual:icons`: a file of its own that
// the browser keeps, so that an icon costs the script nothing and the page two elements. A browser copies what an icon of
// a sprite refers to each time it draws one; the few that every post has come as a path too, which needs no copy.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const LIST = fileURLToPath(new URL('../src/pieces/icons.json', import.meta.url))
const LICENCE = fileURLToPath(new URL('../node_modules/lucide-static/LICENSE', import.meta.url))
const ID = 'virtual:icons'
const OF_EVERY_POST = ['ellipsis', 'message-circle', 'repeat-2', 'heart', 'send']

/** @param {string} name */
function shapes(name) {
  const file = new URL(`../node_modules/lucide-static/icons/${name}.svg`, import.meta.url)
  const drawing = readFileSync(file, 'utf8')
  const inner = drawing.slice(drawing.indexOf('>', drawing.indexOf('<svg')) + 1, drawing.lastIndexOf('</svg>'))
  return inner.replace(/\s*\n\s*/g, '')
}

/** @param {string} name */
const symbol = (name) => `<symbol id="${name}" viewBox="0 0 24 24">${shapes(name)}</symbol>`

/** All shapes of an icon as the data of one path; each begins from 0,0, so that a relative beginning stays true. @param {string} name */
function path(name) {
  const parts = shapes(name).matchAll(/<(\w+) (.*?) \/>/g)
  return Array.from(parts, ([, shape, text]) => {
    const has = Object.fromEntries(Array.from(String(text).matchAll(/(\w+)="(.*?)"/g), ([, key, value]) => [key, value]))
    if (shape === 'path') return `M0 0${has['d']}`
    if (shape === 'circle') return `M${has['cx']} ${has['cy']}m-${has['r']} 0a${has['r']} ${has['r']} 0 1 0 ${2 * has['r']} 0a${has['r']} ${has['r']} 0 1 0 -${2 * has['r']} 0z`
    throw new Error(`${name} has a ${shape}, which no path is made of yet`)
  }).join('')
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
      const paths = Object.fromEntries(OF_EVERY_POST.map((name) => [name, path(name)]))
      return `export const sprite = import.meta.ROLLUP_FILE_URL_${reference}\nexport const paths = ${JSON.stringify(paths)}`
    },
  }
}
