// Whether this community publishes open models. The hub's own pages are the server's, at /hub.

import { get } from '../lib/api'

export const publishesModels = (): Promise<boolean> => get<readonly unknown[]>('/api/weft/v1/hub/models').then((models) => models.length > 0, () => false)
