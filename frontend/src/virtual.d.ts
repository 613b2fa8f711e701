declare module 'virtual:icons' {
  /** Address of the sprite; `#name` picks an icon. */
  export const sprite: string
  /** The icons that every post has, as the data of a path in a box of 24 by 24. */
  export const paths: Readonly<Record<string, string>>
}
