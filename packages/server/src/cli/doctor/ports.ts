import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Config } from '../../config/config.ts';
import { type Finding, failure, ok } from './finding.ts';

/** Whether each port that the server will listen on is free. */
export async function checkPorts(config: Config): Promise<readonly Finding[]> {
  const wanted = [
    { env: 'HTTP_PORT', port: config.http.port },
    { env: 'RTMP_PORT', port: config.rtmp.port },
  ];
  if (config.tls !== undefined) {
    wanted.push(
      { env: 'HTTPS_PORT', port: config.http.tlsPort },
      { env: 'RTMPS_PORT', port: config.rtmp.tlsPort },
    );
  }
  const fixed = wanted.filter(({ port }) => port !== 0);
  const tcp = fixed.map(({ env, port }) => checkPort(env, port, config.http.host));
  return await Promise.all(config.rtc === undefined ? tcp : [...tcp, checkUdpPort(config.rtc.port)]);
}

/** WebRTC listens on every address. */
async function checkUdpPort(port: number): Promise<Finding> {
  const subject = `UDP port ${port} (RTC_PORT)`;
  const code = await errorOnBind(port);
  if (code === undefined) return ok(subject, 'free');
  if (code === 'EADDRINUSE')
    return failure(subject, 'taken', 'stop what uses it (ss -lunp shows it), or set RTC_PORT');
  return failure(subject, `cannot be opened: ${code}`, 'set RTC_PORT to another port, or RTC=off');
}

function errorOnBind(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    socket.bind({ port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}

async function checkPort(env: string, port: number, host: string): Promise<Finding> {
  const subject = `port ${port} (${env})`;
  const code = await errorOnListen(port, host);
  if (code === undefined) return ok(subject, 'free');
  if (code === 'EADDRINUSE')
    return failure(subject, 'taken', `stop what listens there (ss -ltnp shows it), or set ${env}`);
  if (code === 'EACCES')
    return failure(subject, 'not allowed', `ports below 1024 need root: set ${env} to a higher one`);
  return failure(subject, `cannot listen on ${host}: ${code}`, 'set HTTP_HOST to an address of this machine');
}

function errorOnListen(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    server.listen({ port, host }, () => server.close(() => resolve(undefined)));
  });
}
