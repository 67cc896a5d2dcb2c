"""
Tenants never meet: every row of an organization carries `organization_id`, and the database keeps them apart.

Work on such rows happens inside one of three contexts; outside of them the tables are closed.
"""

from common.tenancy.contexts import person, system, tenant
from common.tenancy.models import TenantModel

__all__ = ["TenantModel", "person", "system", "tenant"]
