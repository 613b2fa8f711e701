declare module 'virtual:icons' {
  /** Address of the sprite; `#name` picks an icon. */
  const address: string
  export default address
}
