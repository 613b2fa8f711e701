import { expect, it } from 'vitest'
import { shownText } from './optimistic'

it('what was typed never becomes markup', () => {
  expect(shownText('<img src=x onerror=alert(1)> & "q"')).toBe('<p>&lt;img src=x onerror=alert(1)&gt; &amp; &quot;q&quot;</p>')
  expect(shownText('https://a.example/"><script>')).not.toContain('<script')
})

it('links, names, tags and lines are marked', () => {
  expect(shownText('hi @ann\n#việt\n\nhttps://a.example/x')).toBe(
    '<p>hi <a class="mention" href="/@ann">@ann</a><br><a class="mention" href="/tags/vi%E1%BB%87t">#việt</a></p>' +
      '<p><a href="https://a.example/x" rel="nofollow noopener" target="_blank">https://a.example/x</a></p>',
  )
})
