"""The statements of the fast lane, as both databases take them: `?` is spelled `%s` on PostgreSQL.

Whoever adds a column without a default to `issue`, `activity` or `delivery` adds it here.
"""

HOME = """
SELECT r.id, r.name, r.url, i.id, i.title, i.body, i.state, i.labels, i.url, i.provider_updated_at, i.visible,
  i.version, EXISTS (SELECT 1 FROM issue_link l WHERE l.issue_id = i.id),
  EXISTS (SELECT 1 FROM label_rule lr WHERE lr.connection_id = c.id AND lr.enabled)
FROM connection c
LEFT JOIN delivery d ON d.connection_id = c.id AND d.body_hash = ? AND d.external_id = ?
JOIN connection_secret s ON s.connection_id = c.id AND s.id = ? AND s.retired_at IS NULL
JOIN connection_repository cr ON cr.connection_id = c.id AND cr.standing = 'known'
JOIN repository r ON r.id = cr.repository_id AND r.instance = ? AND r.external_id = ?
LEFT JOIN issue i ON i.repository_id = r.id AND i.number = ?
WHERE c.public_id = ? AND c.id = ? AND c.instance = ? AND c.disabled_at IS NULL AND c.deleted_at IS NULL
  AND NOT r.private AND r.deleted_at IS NULL AND d.id IS NULL"""
RULES = "SELECT label FROM label_rule WHERE connection_id = ? AND enabled"
INSERT = """
INSERT INTO issue (repository_id, number, title, body, state, labels, url, search, provider_updated_at, visible, hidden,
  triage, judged, dismiss_reason, first_seen_at, active_at, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 'new', ?, '', ?, ?, 1) ON CONFLICT DO NOTHING RETURNING id"""
APPEAR = "INSERT INTO activity (at, verb, source, details) VALUES (?, 'issue.appear', 'provider', ?)"
UPDATE = """
UPDATE issue SET title = ?, body = ?, search = ?, state = ?, labels = ?, url = ?, provider_updated_at = ?,
  active_at = ?, version = version + 1 WHERE id = ? AND version = ? AND visible AND provider_updated_at {same} ?"""
RELABEL = """
UPDATE issue SET state = ?, labels = ?, url = ?, provider_updated_at = ?, active_at = ?, version = version + 1
WHERE id = ? AND version = ? AND visible AND provider_updated_at {same} ?"""
DELIVERY = """
INSERT INTO delivery (connection_id, external_id, body_hash, event, action, repository_id, number, status, reason, ms,
  received_at, secret_id, body, copies)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING RETURNING id"""
