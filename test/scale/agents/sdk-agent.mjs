import { Device } from '@2chat/voice-sdk';

/** An agent with the SDK. `credentials()` stands in for the platform and is asked whenever the SDK asks. */
export function sdkAgent({ token, credentials, onError }) {
  const device = new Device({ token, logLevel: 'silent', fetchCredentials: credentials });
  device.on('error', (error) => onError(error.code));
  return {
    phone: device,
    register: () => device.register(),
    isRegistered: () => device.isRegistered(),
    stop: () => device.destroy(),
  };
}
