"""The group about the way out: the proxy that https upstreams are reached through, where there is one."""

from sidecar.config.group import Group
from sidecar.config.proxy_url import Exemptions, ProxyUrl
from sidecar.config.values import EgressProxy, ExistingFile, NoProxy


class Egress(Group):
    """The way out. Only https upstreams go through a proxy: a tunnel that it can't look into. Others are reached directly."""

    https_proxy: EgressProxy | None = None
    """`http://[user:password@]host:port`, or https. None and `off`: no proxy. Not set: the variable HTTPS_PROXY, as for curl."""
    no_proxy: NoProxy = Exemptions()
    """Hosts reached without it: names (and all below them), addresses, CIDR blocks, `*`. Not set: the variable NO_PROXY."""
    ca_file: ExistingFile | None = None
    """PEM file of authorities trusted for an https proxy itself, besides the system's; None adds none."""

    def proxy_for(self, host: str, port: int) -> ProxyUrl | None:
        """The proxy on the way to an https upstream, if it is reached through one."""
        if self.https_proxy is None or self.no_proxy.cover(host, port):
            return None
        return self.https_proxy
