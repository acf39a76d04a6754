"""What operators do to Git connections, in sentences that name neither issue nor repository: for their pages only."""

N_ = str  # Marks a message id; it is translated where it is shown.

CONNECTIONS = {
    "connection.create": N_("Git connection created"),
    "connection.edit": N_("Settings of a Git connection changed"),
    "connection.rotate": N_("Second secret of a Git connection created"),
    "connection.retire": N_("Secret of a Git connection retired"),
    "connection.disable": N_("Git connection disabled"),
    "connection.enable": N_("Git connection enabled"),
    "connection.delete": N_("Git connection deleted"),
    "connection.backfill": N_("Fetch of issues requested"),
    "connection.fetch": N_("Issues are being fetched"),
    "connection.hear": N_("The forge has reported"),
    "repository.appear": N_("A repository has reported for the first time"),
    "repository.accept": N_("Repository accepted: its issues are taken in"),
    "repository.refuse": N_("Repository refused: its issues are not taken in"),
    "delivery.replay": N_("Delivery replayed"),
    "delivery.fail": N_("A delivery could not be applied"),
    "rule.set": N_("Label rule drafted"),
    "rule.enable": N_("Label rule switched on"),
    "rule.disable": N_("Label rule switched off"),
    "rule.remove": N_("Label rule removed"),
}
FETCHED = N_("Issues were fetched")
