"""Pages: routes, templates and assets for the public, staff, managers, process owners and administrators."""
