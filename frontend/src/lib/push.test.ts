import { expect, it } from 'vitest'
import { bytesOf } from './push'

it('reads the key of the server as browsers want it', () => {
  expect([...bytesOf('BP_-AA')]).toEqual([4, 255, 254, 0])
})
