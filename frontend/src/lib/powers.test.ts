import { expect, it } from 'vitest'
import { powers } from './powers'

const stateOf = (place: Parameters<typeof powers>[0]) => Object.fromEntries(powers(place).map((power) => [power.name, power.state]))

it('says without https that the browser keeps them off', () => {
  expect(stateOf({ isSecureContext: false, navigator: { serviceWorker: {} } })).toEqual({
    reading: 'works',
    microphone: 'off',
    push: 'off',
    offline: 'off',
    passkeys: 'off',
    headset: 'off',
  })
})

it('says with https what this browser has', () => {
  const place = { isSecureContext: true, navigator: { serviceWorker: {}, mediaDevices: {} }, PushManager: {} }
  expect(stateOf(place)).toMatchObject({ microphone: 'works', push: 'works', offline: 'works', passkeys: 'absent', headset: 'absent' })
})
