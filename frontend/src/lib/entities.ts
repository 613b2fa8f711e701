// The entities of the client API as the app reads them: only the keys it uses.

export interface Emoji {
  shortcode: string
  url: string
  static_url: string
  visible_in_picker: boolean
  category?: string | null
}

export interface Field {
  name: string
  value: string
  verified_at: string | null
}

export interface Account {
  id: string
  username: string
  acct: string
  url: string
  display_name: string
  note: string
  avatar: string
  avatar_static: string
  avatar_description?: string
  header: string
  header_static: string
  header_description?: string
  locked: boolean
  bot: boolean
  fields: Field[]
  emojis: Emoji[]
  created_at: string
  last_status_at: string | null
  statuses_count: number
  followers_count: number
  following_count: number
  hide_collections?: boolean | null
  discoverable?: boolean | null
  suspended?: boolean
  limited?: boolean
  roles?: { id: string; name: string; color: string }[]
}

export interface OwnAccount extends Account {
  source: {
    note: string
    fields: Field[]
    privacy: Visibility
    sensitive: boolean
    language: string | null
    follow_requests_count: number
    hide_collections: boolean | null
    discoverable: boolean | null
    indexable: boolean
    quote_policy?: string
  }
  role?: { id: string; name: string; permissions: string }
}

export type Visibility = 'public' | 'unlisted' | 'private' | 'direct'

export interface Dimensions {
  width?: number
  height?: number
  aspect?: number
  duration?: number
}

export interface Media {
  id: string
  type: 'image' | 'gifv' | 'video' | 'audio' | 'unknown'
  url: string | null
  preview_url: string | null
  description: string | null
  blurhash: string | null
  meta: { original?: Dimensions; small?: Dimensions; focus?: { x: number; y: number } } | null
  weft?: { captions?: { language: string; url: string }[] }
}

export interface Poll {
  id: string
  expires_at: string | null
  expired: boolean
  multiple: boolean
  votes_count: number
  voters_count: number | null
  options: { title: string; votes_count: number | null }[]
  emojis: Emoji[]
  voted?: boolean
  own_votes?: number[]
}

export interface Card {
  url: string
  title: string
  description: string
  type: string
  author_name: string
  provider_name: string
  image: string | null
  image_description: string
  width: number
  height: number
  blurhash: string | null
}

export interface Mention {
  id: string
  username: string
  acct: string
  url: string
}

export interface Filtered {
  filter: { id: string; title: string; context: string[]; filter_action: 'warn' | 'hide' | 'blur' }
  keyword_matches: string[] | null
}

export interface Quote {
  state: string
  quoted_status?: Status | null
  quoted_status_id?: string | null
}

export interface Status {
  id: string
  created_at: string
  edited_at: string | null
  in_reply_to_id: string | null
  in_reply_to_account_id: string | null
  sensitive: boolean
  spoiler_text: string
  visibility: Visibility
  language: string | null
  uri: string
  url: string | null
  replies_count: number
  reblogs_count: number
  favourites_count: number
  quotes_count?: number
  content: string
  text?: string
  reblog: Status | null
  account: Account
  media_attachments: Media[]
  mentions: Mention[]
  tags: { name: string; url: string }[]
  emojis: Emoji[]
  card: Card | null
  poll: Poll | null
  quote?: Quote | null
  quote_approval?: { automatic: string[]; manual: string[]; current_user: 'automatic' | 'manual' | 'denied' | 'unknown' }
  application?: { name: string; website: string | null } | null
  favourited?: boolean
  reblogged?: boolean
  muted?: boolean
  bookmarked?: boolean
  pinned?: boolean
  filtered?: Filtered[]
  weft?: {
    reply_policy?: 'everyone' | 'following' | 'mentioned'
    can_reply?: boolean
    hidden?: boolean
    reason?: { kind: string; name?: string; handle?: string }
  }
}

export interface Relationship {
  id: string
  following: boolean
  showing_reblogs: boolean
  notifying: boolean
  languages: string[] | null
  followed_by: boolean
  blocking: boolean
  blocked_by: boolean
  muting: boolean
  muting_notifications: boolean
  muting_expires_at?: string | null
  requested: boolean
  requested_by: boolean
  domain_blocking: boolean
  endorsed: boolean
  note: string
}

export interface Context {
  ancestors: Status[]
  descendants: Status[]
}

export interface Tag {
  name: string
  url: string
  history?: { day: string; uses: string; accounts: string }[]
  following?: boolean
}

export interface Conversation {
  id: string
  unread: boolean
  accounts: Account[]
  last_status: Status | null
}

export interface List {
  id: string
  title: string
  replies_policy: 'followed' | 'list' | 'none'
  exclusive: boolean
}

export interface Note {
  id: string
  account: Account
  text: string
  created_at: string
  expires_at: string
  mine: boolean
}

export interface SearchResults {
  accounts: Account[]
  statuses: Status[]
  hashtags: Tag[]
}

export interface Notification {
  id: string
  type: string
  group_key: string
  created_at: string
  account: Account
  status?: Status
}

export interface SessionAnswer {
  account: OwnAccount | null
  accounts: Account[]
  role: 'owner' | 'admin' | 'moderator' | 'member' | null
  login: { email: string; confirmed: boolean; has_password: boolean } | null
  preferences: {
    visibility: Visibility
    sensitive: boolean
    language: string | null
    expand_media: 'default' | 'show_all' | 'hide_all'
    expand_warnings: boolean
  }
  unread: { notifications: number; messages: number }
  instance: Community
}

export interface Community {
  title: string
  domain: string
  url: string
  description: string
  signup: 'open' | 'approval' | 'invite' | 'closed'
  oidc: string | null
  max_characters: number
  max_media: number
  languages: string[]
  vapid_key: string
  features: string[]
  rules: { id: string; text: string }[]
}

export type FilterContext = 'home' | 'notifications' | 'public' | 'thread' | 'account'
export type FilterAction = 'warn' | 'hide' | 'blur'

export interface WordFilter {
  id: string
  title: string
  context: FilterContext[]
  filter_action: FilterAction
  expires_at: string | null
  keywords: { id: string; keyword: string; whole_word: boolean }[]
}

export interface ScheduledPost {
  id: string
  scheduled_at: string
  params: {
    text: string
    poll: { options: string[]; expires_in: number; multiple: boolean; hide_totals: boolean } | null
    media_ids: string[] | null
    sensitive: boolean
    spoiler_text: string
    visibility: Visibility
    language: string | null
    quoted_status_id: string | null
    quote_approval_policy: string
  }
  media_attachments: Media[]
  weft: { reply_policy: 'everyone' | 'following' | 'mentioned'; in_reply_to_id: string | null }
}

export interface Export {
  id: string
  state: 'building' | 'ready' | 'failed'
  created_at: string
  size: number
  expires_at: string
}

export type ImportKind = 'following' | 'blocks' | 'mutes' | 'lists' | 'bookmarks' | 'domain_blocks'

export interface Import {
  id: string
  kind: ImportKind
  mode: 'merge' | 'overwrite'
  state: 'waiting' | 'running' | 'finished' | 'failed'
  total: number
  done: number
  failed: number
  created_at: string
}
