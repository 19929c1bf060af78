/**
 * What a client offers as subprotocols of a WebSocket (RFC 6455, 1.9): those that it speaks, and among them, since browsers let it set no
 * header, `bearer` with a token behind it.
 */

/** `bearer, TOKEN` → `TOKEN`. */
export function bearerOf(offer: string | undefined): string | undefined {
  const offers = split(offer);
  const index = offers.findIndex(isBearer);
  return index < 0 ? undefined : offers[index + 1];
}

/**
 * The one to name in the answer, which must be one of the offered: browsers refuse an answer that names none. `bearer, TOKEN` → `bearer`;
 * `mine, bearer, TOKEN` → `mine`. What it is called changes nothing. Never the token.
 */
export function chosenSubprotocol(offer: string | undefined): string | undefined {
  const offers = split(offer);
  const index = offers.findIndex(isBearer);
  const others = offers.filter((_, place) => index < 0 || (place !== index && place !== index + 1));
  return others[0] ?? offers[index];
}

/** The offer is a list of names, each once. */
export function isSubprotocolOffer(offer: string | undefined): boolean {
  const offers = split(offer);
  return new Set(offers).size === offers.length && offers.every((each) => /^[!#$%&'*+\-.^_`|~\w]+$/.test(each));
}

function isBearer(name: string): boolean {
  return name.toLowerCase() === 'bearer';
}

function split(offer: string | undefined): readonly string[] {
  return offer === undefined ? [] : offer.split(',').map((each) => each.trim());
}
