import JsSIP from 'jssip';

/** An agent with JsSIP alone, as its documentation shows it, with its defaults. */
export async function rawAgent({ credentials }) {
  const account = await credentials();
  const { ws_urls: urls } = account;
  const ua = new JsSIP.UA({
    sockets: urls.map((url, at) => ({
      socket: new JsSIP.WebSocketInterface(url),
      weight: urls.length - at,
    })),
    uri: account.sip_uri,
    authorization_user: account.authorization_username,
    password: account.password,
    register_expires: account.register_expires,
  });
  return {
    phone: ua,
    register: () =>
      new Promise((resolve, reject) => {
        ua.once('registered', resolve);
        ua.once('registrationFailed', ({ cause }) => reject(new Error(cause)));
        ua.start();
      }),
    isRegistered: () => ua.isRegistered(),
    stop: () => ua.stop(),
  };
}
