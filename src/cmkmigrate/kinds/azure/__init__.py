"""Things provisioned in Azure."""
