import { expect } from 'chai';
import { FileError } from '../../../stages/errors.ts';
import { CircuitBreaker } from '../../../stages/flow/circuit-breaker.ts';

const refused = (reason = 'S3 KMS.DisabledException') =>
  new FileError('storage_refused', 'x.jpg: the key is disabled.', {
    everyFile: { reason, remedy: 'Enable the key.' },
  });
const unreachable = () => new FileError('download_broken', 'x', { retryable: true, unreachable: true });
const ofOneFile = () => new FileError('key_taken', 'x', { status: 'needs_review' });

function fail(breaker: CircuitBreaker, count: number, error: () => FileError, prefix = 'f') {
  return Array.from({ length: count }, (_, index) => breaker.failed(`${prefix}${index}`, error()));
}

describe('The circuit breaker', () => {
  it('stops a run after five files that were refused for the same lasting reason', () => {
    const outcomes = fail(new CircuitBreaker(), 5, refused);
    expect(outcomes.slice(0, 4)).to.deep.equal([null, null, null, null]);
    const stop = outcomes[4]!;
    expect(stop).to.include({ code: 'every_file_refused' });
    expect(stop.message)
      .to.include('x.jpg: the key is disabled.')
      .and.not.match(/temporary|network/);
    expect(stop.remedy).to.match(/^Enable the key\..*migrator resume/);
  });

  it('takes more files where the reason may be about single files', () => {
    const uncertain = () =>
      new FileError('drive_refused', 'x', {
        everyFile: { reason: 'Drive brandNew', remedy: 'Correct it.', isUncertain: true },
      });
    const outcomes = fail(new CircuitBreaker(), 20, uncertain);
    expect(outcomes.filter(Boolean)).to.have.length(1);
    expect(outcomes[19]!.message).to.match(/^20 files/);
  });

  it('starts over after a success, or another reason', () => {
    const breaker = new CircuitBreaker();
    fail(breaker, 4, refused);
    breaker.succeeded();
    expect(fail(breaker, 4, refused).filter(Boolean)).to.deep.equal([]);
    expect(breaker.failed('other', refused('S3 QuotaExceeded'))).to.equal(null);
    expect(fail(breaker, 4, refused).at(-1)).to.equal(null);
  });

  it('counts a file once, and is not confused by faults of single files in between', () => {
    const breaker = new CircuitBreaker();
    for (let i = 0; i < 10; i += 1) expect(breaker.failed('same', refused())).to.equal(null);
    fail(breaker, 3, refused);
    expect(breaker.failed('single', ofOneFile())).to.equal(null);
    expect(breaker.failed('fifth', refused())).to.not.equal(null);
  });

  it('never stops for faults of single files, however many', () => {
    expect(fail(new CircuitBreaker(), 100, ofOneFile).filter(Boolean)).to.deep.equal([]);
  });

  it('stops after twenty files for which the service could not be reached, and no earlier', () => {
    const breaker = new CircuitBreaker();
    fail(breaker, 19, unreachable);
    breaker.failed('answered', ofOneFile());
    expect(fail(breaker, 19, unreachable).filter(Boolean)).to.deep.equal([]);
    expect(breaker.failed('last', unreachable())).to.include({ code: 'outage' });
  });
});
