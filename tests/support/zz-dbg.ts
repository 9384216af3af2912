import { makeClip } from './clip.ts';
import { openReaders } from './ll-reader.ts';
import { FfmpegPublisher } from './publisher.ts';
import { Tallylight } from './tallylight.ts';
const file=await makeClip({ audio: false });
const server = await Tallylight.start({ env: { LADDER: '144p:100k', CPU_BUDGET_CORES: '8', LOG_LEVEL:'debug', RTMP_MAX_PENDING_PER_ADDRESS:'64' } });
for (let k=0;k<3;k++) await Promise.all([0,1,2,3].map(async j=>{ const i=k*4+j;
const key = await server.addKey('x'+i);
const s=FfmpegPublisher.start(['-v','warning','-re','-i',file,'-c','copy','-f','flv',`${server.rtmpUrl}/${key}`]);
const t0=performance.now();
const rs = await openReaders(server.playlistUrl('x'+i), {atLeast:3});
await Promise.all(rs.map(r=>r.follow(7)));
for (const r of rs) { 
 if (r.playBack(.5).stalls||r.holes.length||r.dependentSegments.length||r.parts.some(p=>p.discontinuity)) { console.log(i,r.id, r.holes, r.playBack(0.5), r.dependentSegments, r.wrongDurations, r.parts.filter(p=>p.discontinuity).map(p=>p.msn));
 console.log( r.parts.map(p=>`${p.msn%100}.${p.index}${p.discontinuity?'D':''}${p.media?'':'G'}@${(p.arrivedMs-t0).toFixed(0)}:${p.media?.startTicks}`).join(' '));}
}
await s.stop();
}));
console.log('done');
await server.stop(); process.exit(0);
