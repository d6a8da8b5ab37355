import { BlockList, isIP, isIPv4 } from 'node:net';

/** Special-purpose IPv4 ranges of the IANA registry (RFC 6890 and later): nothing public lives there. */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** Of the one global range, 2000::/3, what is special all the same; Teredo and 6to4 could carry a private IPv4 address. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

/** Throws RangeError for what is no address and no CIDR range. */
export function parseNetworks(networks: readonly string[]): BlockList {
  const found = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const bits = isIPv4(address) ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    if (isIP(address) === 0 || prefix === '' || !Number.isInteger(length) || length < 0 || length > bits) {
      throw new RangeError(`"${network}" is neither an address nor a range like 10.0.0.0/8`);
    }
    found.addSubnet(address, length, isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return found;
}

/** Whether a server of ours may open a connection to this address for somebody else. */
export type IsAllowedAddress = (address: string) => boolean;

/** Public addresses and those of `allowedNetworks`; an IPv4 address written as an IPv6 one is allowed only by the latter. */
export function createIsAllowedAddress(allowedNetworks: readonly string[]): IsAllowedAddress {
  const allowed = parseNetworks(allowedNetworks);
  const refused4 = parseNetworks(special4);
  const global6 = parseNetworks(['2000::/3']);
  const refused6 = parseNetworks(special6);
  const isIn = (list: BlockList, address: string) => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  return (given) => {
    const address = given.replace(/%.*$/, '');
    if (isIP(address) === 0) return false;
    if (isIn(allowed, address)) return true;
    if (isIPv4(address)) return !isIn(refused4, address);
    return isIn(global6, address) && !isIn(refused6, address);
  };
}
