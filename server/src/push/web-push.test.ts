import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTarget, createVapidKeys, encryptPush } from './web-push.ts';

/** RFC 8291, section 5 and appendix A. */
const vector = {
  plain: 'When I grow up, I want to be a watermelon',
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  senderKey: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  body:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT' +
    'pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

test('encrypts the example of RFC 8291 as the RFC does', () => {
  const { p256dh, auth } = vector;
  const body = encryptPush(
    Buffer.from(vector.plain),
    { endpoint: '', p256dh, auth },
    { salt: Buffer.from(vector.salt, 'base64url'), privateKey: Buffer.from(vector.senderKey, 'base64url') },
  );
  assert.equal(body.toString('base64url'), vector.body);
});

test('takes no key that is no point of the curve and no secret of another length', () => {
  const { p256dh, auth } = vector;
  assert.equal(checkTarget({ p256dh, auth }), undefined);
  const notOnCurve = Buffer.from(p256dh, 'base64url').fill(1, 40, 44).toString('base64url');
  for (const bad of ['', 'AAAA', p256dh.slice(0, 40), notOnCurve]) assert.equal(checkTarget({ p256dh: bad, auth }), 'p256dh', bad);
  for (const bad of ['', 'AAAA', `${auth}AAAA`]) assert.equal(checkTarget({ p256dh, auth: bad }), 'auth', bad);
});

test('makes keys of the length that browsers take', () => {
  for (let i = 0; i < 300; i += 1) {
    const { publicKey, privateKey } = createVapidKeys();
    assert.equal(Buffer.from(publicKey, 'base64url').length, 65);
    assert.equal(Buffer.from(privateKey, 'base64url').length, 32);
  }
});
