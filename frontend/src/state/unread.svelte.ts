// How much is unread: the numbers beside Activity and Messages.

class Unread {
  notifications = $state(0)
  messages = $state(0)
}

export const unread = new Unread()
