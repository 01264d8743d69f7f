// The coordinator's own binary frames: `MYC`, a version byte, a kind byte, a body of fixed layout.

export const MAGIC = Buffer.from("MYC\x01", "latin1");
export const STATUS = 1;
export const HOLDING = 2;
export const PREPARED = 3;
export const COMMIT = 4;
export const COMMITTED = 5;

const SHARE_ID = 24; // epoch (8 bytes, big-endian) || tag (16 bytes)

/** A frame of this kind with this body. */
export function control(kind, ...body) {
  return Buffer.concat([MAGIC, Buffer.from([kind]), ...body]);
}

/** A share id. */
export function shareId(epoch, tag = Buffer.alloc(16, 0xaa)) {
  const id = Buffer.alloc(SHARE_ID);
  id.writeBigUInt64BE(BigInt(epoch), 0);
  tag.copy(id, 8);
  return id;
}

/** The device's answer to `status`, holding nothing beside this share. */
export function holding(active) {
  return control(HOLDING, active, Buffer.from([0]));
}

/** The share id in a `status` frame, or null where it is another frame. */
export function parseStatus(bytes) {
  const whole = bytes?.length === MAGIC.length + 1 + SHARE_ID;
  if (!whole || !bytes.subarray(0, 4).equals(MAGIC) || bytes[4] !== STATUS) {
    return null;
  }
  return Buffer.from(bytes.subarray(5));
}
