import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressRules, blockedClass } from '../../src/bindings/http-address.js';

const rules = (allow: string[], allowPrivateNetworks = false) => new AddressRules({ allow, allowPrivateNetworks });

describe('address classes', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.9.9.9', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'linkLocal'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['100.127.255.255', 'carrierGradeNat'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['192.0.2.1', 'reserved'],
    ['198.51.100.1', 'reserved'],
    ['203.0.113.1', 'reserved'],
    ['192.0.0.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'linkLocal'],
    ['fe80::1%eth0', 'linkLocal'],
    ['fc00::1', 'uniqueLocal'],
    ['fd12:3456::1', 'uniqueLocal'],
    ['fec0::1', 'siteLocal'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'reserved'],
    ['100::1', 'discard'],
    ['2001::1', 'teredo'],
    ['64:ff9b:1::1', 'localNat64'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:100.64.0.1', 'carrierGradeNat'],
    ['::ffff:7f00:1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['::7f00:1', 'ipv4Compatible'],
    ['::ffff:0:127.0.0.1', 'rfc6145'],
    ['2002:7f00:1::', 'loopback'],
    ['2002:a00:1::1', 'private'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['64:ff9b::c0a8:101', 'private'],
    ['not an address', 'invalid'],
    ['', 'invalid'],
  ])('%s is %s', (address, name) => {
    expect(blockedClass(address)).toBe(name);
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.0',
    '223.255.255.255',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '2002:808:808::',
    '64:ff9b::808:808',
  ])('%s is public', (address) => {
    expect(blockedClass(address)).toBeUndefined();
  });

  it('judges a mapped address as the address itself', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(blockedClass(`::ffff:${address}`)).toBe(blockedClass(address));
      }),
    );
  });
});

describe('allow-list', () => {
  it.each([
    [['127.0.0.0/8'], 'x', '127.5.5.5', 80],
    [['127.0.0.1'], 'x', '127.0.0.1', 80],
    [['127.0.0.1'], 'x', '::ffff:127.0.0.1', 80],
    [['127.0.0.1:8080'], 'x', '127.0.0.1', 8080],
    [['localhost'], 'localhost', '127.0.0.1', 80],
    [['LocalHost'], 'LOCALHOST.', '::1', 80],
    [['intranet.example:81'], 'intranet.example', '10.0.0.1', 81],
    [['fd00::/8'], 'x', 'fd12::1', 80],
    [['::1'], '::1', '::1', 80],
    [['[::1]:81'], '::1', '::1', 81],
  ])('%j permits %s at %s port %d', (allow, host, address, port) => {
    expect(rules(allow).refusal(host, address, port)).toBeUndefined();
  });

  it.each([
    [[], 'localhost', '127.0.0.1', 80],
    [['127.0.0.1'], 'x', '127.0.0.2', 80],
    [['127.0.0.1:8080'], 'x', '127.0.0.1', 80],
    [['localhost'], 'other.example', '127.0.0.1', 80],
    [['localhost'], 'localhost.evil.example', '127.0.0.1', 80],
    [['10.0.0.0/8'], 'x', '127.0.0.1', 80],
    [['0.0.0.0/0'], 'x', '::1', 80],
    [['nonsense/99'], 'x', '10.0.0.1', 80],
  ])('%j refuses %s at %s port %d', (allow, host, address, port) => {
    expect(rules(allow).refusal(host, address, port)).toBeTypeOf('string');
  });

  it('leaves public addresses alone, and everything where private networks are allowed', () => {
    expect(rules([]).refusal('x', '8.8.8.8', 80)).toBeUndefined();
    expect(rules([], true).refusal('x', '127.0.0.1', 80)).toBeUndefined();
  });
});
