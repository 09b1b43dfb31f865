// A React component whose phone is loaded when it is mounted, and given back when it goes: also under StrictMode,
// which mounts twice and may unmount before the import has come.
import { StrictMode, useEffect, useRef, useState, type JSX } from 'react';
import type { AudioDevice, Call, CallStatus, Device, DisconnectInfo, VoiceSDKError } from '@2chat/voice-sdk';

interface PhoneProps {
  readonly fetchToken: () => Promise<string>;
  readonly onEnded?: (info: DisconnectInfo) => void;
}

function Phone({ fetchToken, onEnded }: PhoneProps): JSX.Element {
  const device = useRef<Device | null>(null);
  const call = useRef<Call | null>(null);
  const [isRegistered, setRegistered] = useState(false);
  const [status, setStatus] = useState<CallStatus | undefined>();
  const [microphones, setMicrophones] = useState<readonly AudioDevice[]>([]);
  const [failure, setFailure] = useState<VoiceSDKError | undefined>();

  const adopt = (adopted: Call): void => {
    const follow = (): void => setStatus(adopted.getStatus());
    call.current = adopted;
    follow();
    adopted
      .on('ringing', follow)
      .on('accepted', follow)
      .on('error', setFailure)
      .once('disconnect', (info) => {
        call.current = null;
        follow();
        onEnded?.(info);
      });
  };

  useEffect(() => {
    let isGone = false;
    const start = async (): Promise<void> => {
      const [sdk, token] = await Promise.all([import('@2chat/voice-sdk'), fetchToken()]);
      if (isGone) return;
      const own = new sdk.Device({ token, logLevel: 'silent' });
      device.current = own;
      own.on('incoming', adopt).on('error', setFailure);
      own.on('registered', () => setRegistered(true));
      own.on('unregistered', () => setRegistered(false));
      own.on('tokenWillExpire', async () => own.updateToken(await fetchToken()));
      await own.register();
      setMicrophones((await own.enumerateDevices()).filter(({ kind }) => kind === 'audioinput'));
    };
    start().catch((error: unknown) => {
      if (!isGone) setFailure(error as VoiceSDKError);
    });
    return () => {
      isGone = true;
      device.current?.destroy();
      device.current = null;
    };
  }, [fetchToken]);

  const dial = async (): Promise<void> => {
    const placed = await device.current?.connect({ to: '+4930123456' });
    if (placed) adopt(placed);
  };

  return (
    <section>
      <p>{failure === undefined ? status : `${failure.code}: ${failure.remedy}`}</p>
      <button disabled={!isRegistered} onClick={() => void dial()}>
        Call
      </button>
      <button onClick={() => call.current?.mute(!call.current.isMuted())}>Mute</button>
      <button onClick={() => void call.current?.disconnect()}>Hang up</button>
      <select onChange={({ target }) => void device.current?.setInputDevice(target.value)}>
        {microphones.map(({ deviceId, label }) => (
          <option key={deviceId} value={deviceId}>
            {label}
          </option>
        ))}
      </select>
    </section>
  );
}

export const app = (
  <StrictMode>
    <Phone fetchToken={() => Promise.resolve('jwt')} onEnded={({ reason }) => void reason} />
  </StrictMode>
);
