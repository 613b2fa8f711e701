// A guess at the language of what is being written: by script, and for Vietnamese by its letters. The person's own
// choice always wins; this only saves choosing.

const SCRIPTS: [language: string, letters: RegExp][] = [
  ['ko', /[\p{Script=Hangul}]/gu],
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['zh', /\p{Script=Han}/gu],
  ['th', /\p{Script=Thai}/gu],
  ['ar', /\p{Script=Arabic}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['hi', /\p{Script=Devanagari}/gu],
  ['el', /\p{Script=Greek}/gu],
  ['ru', /\p{Script=Cyrillic}/gu],
]
const SAME_SCRIPT: Record<string, string[]> = {
  ar: ['ar', 'fa', 'ur', 'ckb', 'ps'],
  ru: ['ru', 'uk', 'be', 'bg', 'sr', 'mk', 'kk', 'ky', 'tg', 'mn'],
  hi: ['hi', 'mr', 'ne', 'sa'],
  he: ['he', 'yi'],
  zh: ['zh', 'ja', 'yue', 'zh-CN', 'zh-TW', 'zh-HK'],
}
const NOT_LATIN = new Set([...SCRIPTS.map(([language]) => language), ...Object.values(SAME_SCRIPT).flat()])
// Letters that Vietnamese alone has among the languages people write here.
const VIETNAMESE = /[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/gi
const LETTERS = /\p{L}/gu
const LATIN = /\p{Script=Latin}/gu
/** Links, names, tags and emoji codes say nothing of the language. */
const ASIDE = /https?:\/\/\S+|[@#＃]\S+|:\w+:/gu
const FEW = 4

/** The language of a text; the preferred one where the text does not tell. */
export function languageOf(text: string, preferred: string, screen = 'en'): string {
  const words = text.slice(0, 2000).replace(ASIDE, ' ').normalize('NFC')
  const letters = count(words, LETTERS)
  if (letters === 0) return preferred
  let best: [language: string, share: number] = ['', 0]
  for (const [language, pattern] of SCRIPTS) {
    // Han letters stand in Japanese texts, too: a few kana decide.
    const share = count(words, pattern) * (language === 'ja' ? 4 : 1)
    if (share > best[1]) best = [language, share]
  }
  const latin = count(words, LATIN)
  if (best[1] > latin / 2) return SAME_SCRIPT[best[0]]?.includes(preferred) ? preferred : best[0]
  if (count(words, VIETNAMESE) > 0) return 'vi'
  if (letters < FEW || (!NOT_LATIN.has(preferred) && preferred !== 'vi')) return preferred
  // Vietnamese is written without its marks by some; a long text without any is something else.
  if (preferred === 'vi' && letters < 24) return 'vi'
  return NOT_LATIN.has(screen) || screen === 'vi' ? 'en' : screen
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0
