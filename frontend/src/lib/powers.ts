// What browsers let a page do, and what they keep off where a server is reached without https.

export interface Power {
  name: 'reading' | 'microphone' | 'push' | 'offline' | 'passkeys' | 'headset'
  icon: string
  /** There is a word for what it is good for. */
  isFor: boolean
  /** `off` without https, `absent` where the browser has no such thing. */
  state: 'works' | 'off' | 'absent'
}

interface Place {
  isSecureContext: boolean
  navigator: object
  PushManager?: unknown
  PublicKeyCredential?: unknown
}

export function powers(place: Place): Power[] {
  const has = (name: string): boolean => name in place.navigator
  const state = (there: boolean): Power['state'] => (place.isSecureContext ? (there ? 'works' : 'absent') : 'off')
  return [
    { name: 'reading', icon: 'square-pen', isFor: false, state: 'works' },
    { name: 'microphone', icon: 'mic', isFor: true, state: state(has('mediaDevices')) },
    { name: 'push', icon: 'bell', isFor: true, state: state('PushManager' in place && has('serviceWorker')) },
    { name: 'offline', icon: 'wifi-off', isFor: true, state: state(has('serviceWorker')) },
    { name: 'passkeys', icon: 'key-round', isFor: true, state: state('PublicKeyCredential' in place) },
    { name: 'headset', icon: 'glasses', isFor: true, state: state(has('xr')) },
  ]
}
