// Runs axe and gives back what it found, short.
async ([within, tags]) => {
  const result = await axe.run(within || document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })
  const said = (node) => (node.any[0]?.message ?? node.failureSummary ?? '').slice(0, 160)
  return result.violations.map((one) => ({
    id: one.id,
    impact: one.impact,
    help: one.help,
    nodes: one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} :: ${said(node)}`),
  }))
}
