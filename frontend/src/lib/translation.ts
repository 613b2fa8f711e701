// A translation as plain text: whatever a model wrote, no mark-up of it reaches the page.

export interface Translation {
  text: string
  from: string
  to: string
  by: string
}

/** As `POST /api/v1/statuses/:id/translate` answers. */
export interface TranslationAnswer {
  content: string
  detected_source_language: string | null
  language: string
  provider: string
}

export function translationOf(answer: TranslationAnswer, written: string | null): Translation {
  return { text: textOf(answer.content), from: answer.detected_source_language ?? written ?? 'und', to: answer.language, by: answer.provider }
}

/** The words of HTML, with its paragraphs and lines. The document is never shown, and runs nothing. */
function textOf(html: string): string {
  const lines = html.replace(/<br\s*\/?>/gi, '\n').replace(/<\/p>\s*(?=<p)/gi, '\n\n')
  return new DOMParser().parseFromString(lines, 'text/html').body.textContent?.trim() ?? ''
}
