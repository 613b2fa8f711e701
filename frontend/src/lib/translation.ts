// A translation as plain text: whatever a model wrote, no mark-up of it reaches the page.

export interface Translation {
  /** Of the warning before the post, where it has one. */
  warning: string
  text: string
  from: string
  to: string
  by: string
}

/** As `POST /api/v1/statuses/:id/translate` answers. */
export interface TranslationAnswer {
  content: string
  spoiler_text?: string
  detected_source_language: string | null
  language: string
  provider: string
}

/** As `GET /api/v1/instance/translation_languages` answers: into what posts of a language may be translated. */
export type Directions = Readonly<Record<string, readonly string[]>>

/** Whether something translates from one language to another. Where nobody knows from which, from any will do. */
export function translates(directions: Directions, from: string | null, to: string): boolean {
  const known = from?.slice(0, 2)
  return known ? known !== to && (directions[known]?.includes(to) ?? false) : Object.values(directions).some((into) => into.includes(to))
}

export function translationOf(answer: TranslationAnswer, written: string | null): Translation {
  return { warning: answer.spoiler_text ?? '', text: textOf(answer.content), from: answer.detected_source_language ?? written ?? 'und', to: answer.language, by: answer.provider }
}

/** What a language is called in another one. */
export const nameOf = (language: string, screen: string): string => new Intl.DisplayNames(screen, { type: 'language', fallback: 'code' }).of(language) ?? language

/** The words of HTML, with its paragraphs and lines. The document is never shown, and runs nothing. */
function textOf(html: string): string {
  const lines = html.replace(/<br\s*\/?>/gi, '\n').replace(/<\/p>\s*(?=<p)/gi, '\n\n')
  return new DOMParser().parseFromString(lines, 'text/html').body.textContent?.trim() ?? ''
}
