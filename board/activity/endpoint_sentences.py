"""What operators do to outgoing webhooks, in sentences that name no address: for their pages only."""

N_ = str  # Marks a message id; it is translated where it is shown.

ENDPOINTS = {
    "endpoint.create": N_("Outgoing webhook created"),
    "endpoint.edit": N_("Outgoing webhook changed"),
    "endpoint.rotate": N_("Second secret of an outgoing webhook created"),
    "endpoint.retire": N_("Secret of an outgoing webhook retired"),
    "endpoint.disable": N_("Outgoing webhook disabled"),
    "endpoint.enable": N_("Outgoing webhook enabled"),
    "endpoint.delete": N_("Outgoing webhook deleted"),
    "endpoint.try": N_("Outgoing webhook tried out"),
    "endpoint.resend": N_("Deliveries sent again"),
}
