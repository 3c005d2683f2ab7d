import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KernelProcess, startKernel } from '../support/kernel.js';
import { MagicBench } from '../support/magics.js';
import { startTestServer, type TestServer } from '../support/server.js';

describe('magics on a server that has only the API of R Server 9.1', () => {
  let server: TestServer;
  let bench: MagicBench;
  let folder: string;
  beforeAll(async () => {
    server = await startTestServer({ api: '9.1' });
    bench = await MagicBench.start(server);
    folder = await mkdtemp(join(tmpdir(), 'slipway-files-'));
  });
  afterAll(async () => {
    await bench?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('publish a function, whose inputs and outputs the session tells', async () => {
    await bench.python(
      'factor = 3\ndef scale(x: float, by: int = 2) -> float:\n    "Scales."\n    return x * by * factor',
    );
    const { text } = await bench.run('%publish scale Scale V1');
    expect(text).toContain('Scale V1 is published');
    expect(text).toContain('The whole session is saved');
    const { data } = await bench.run('%consume Scale V1 x=1.5 by=4');
    expect(data).toMatchObject({ outputParameters: { result: 18 } });
  });

  it('say of a function why it cannot be published', async () => {
    await bench.python('def silent(x: float): pass');
    await expect(bench.run('%publish silent Silent V1')).rejects.toMatchObject({
      ename: 'NotPublishableError',
      evalue: expect.stringContaining('returns nothing'),
    });
  });

  it('publish the code of a cell', async () => {
    const { text } = await bench.run(
      '%%publish Sum V1 --in a:vector --out total:numeric\ntotal = sum(a) * factor',
    );
    expect(text).toContain('Sum V1 is published');
    await bench.run('t = %consume Sum V1 a=[1, 2, factor]');
    expect(await bench.python('print(t)')).toBe('18.0\n');
  });

  it('send data frames as they are, and get them so', async () => {
    await bench.run(
      '%%publish Turn V1 --in d:data.frame --out d2:data.frame --snapshot none\nd2 = d[::-1]',
    );
    await bench.python('import pandas as pd\nframe = pd.DataFrame({"b": [1, 2], "a": ["x", "y"]})');
    await bench.run('turned = %consume Turn V1 d=frame');
    expect(await bench.python('print(list(turned), list(turned.b))')).toBe("['b', 'a'] [2, 1]\n");
  });

  it('tell what an argument raises', async () => {
    await expect(bench.run('%consume Sum V1 a=nowhere')).rejects.toMatchObject({
      ename: 'NameError',
    });
  });

  it('save the whole session, and load it', async () => {
    expect((await bench.run('%snapshot whole')).text).toContain('The whole session is saved');
    await bench.python('factor = 0');
    await bench.run('%snapshot load whole');
    expect(await bench.python('print(factor)')).toBe('3\n');
    await expect(bench.run('%snapshot part --only factor')).rejects.toMatchObject({
      ename: 'NotSupportedByServerError',
    });
  });

  it('move files and objects', async () => {
    const path = join(folder, 'a file.txt');
    await writeFile(path, 'content');
    await bench.run(`%files upload "${path}"`);
    expect((await bench.run('%files')).text).toContain('a file.txt');
    await bench.run(`%files download "a file.txt" "${path}.back"`);
    expect(await readFile(`${path}.back`, 'utf8')).toBe('content');
    const { text } = await bench.run('%workspace');
    expect(text).toContain('factor');
    expect(text).not.toContain('slipway');
  });

  it('say what kind of server it is', async () => {
    expect((await bench.run('%connect')).text).toContain('R Server 9.1 alone: no input()');
  });

  it('list, find and change sessions', async () => {
    expect((await bench.run('%session')).text).toContain('this notebook');
    await bench.run('%session new other');
    await bench.python('where = "other"');
    expect((await bench.run('%session list')).text).toContain('other');
    await expect(bench.run('%session attach nowhere')).rejects.toMatchObject({
      ename: 'SessionNotFoundError',
    });
  });

  describe('in two notebooks', () => {
    const kernels: KernelProcess[] = [];
    const start = async () => {
      const kernel = await startKernel({
        SLIPWAY_URL: server.url,
        SLIPWAY_USER: 'admin',
        SLIPWAY_PASSWORD: server.password,
      });
      kernels.push(kernel);
      return kernel;
    };
    afterAll(() => Promise.all(kernels.map((kernel) => kernel.stop())));

    it('attach one to the session of the other, where numbers go on', async () => {
      const [first, second] = [await start(), await start()];
      await first.client.execute('%session new shared');
      await first.client.execute('common = 41');
      const attached = await second.client.execute('%session attach shared\nprint(common + 1)');
      expect(attached.reply.content.status).toBe('ok');
      const printed = attached.published.filter(({ type }) => type === 'stream');
      expect(printed.map(({ content }) => content.text)).toContain('42\n');
    });

    it('say that a session cannot be kept', async () => {
      const { reply } = await (await start()).client.execute('%session keep 1h');
      expect(reply.content).toMatchObject({
        ename: 'NotSupportedByServerError',
        evalue: expect.stringContaining('A session cannot be kept'),
      });
    });

    it('run in pieces with Python around them, as one cell', async () => {
      const kernel = await start();
      const { reply, published } = await kernel.client.execute('x = 2\n%status\nx * 21');
      expect(reply.content).toMatchObject({ status: 'ok', execution_count: 1 });
      expect(published.map(({ type }) => type).filter((type) => type !== 'status')).toEqual([
        ...['execute_input', 'display_data', 'execute_result'],
      ]);
      const [result] = published.filter(({ type }) => type === 'execute_result');
      expect(result?.content).toMatchObject({ execution_count: 1, data: { 'text/plain': '42' } });
      const history = await kernel.client.request('history_request', {
        hist_access_type: 'tail',
        n: 1,
        raw: true,
        output: false,
      });
      expect(history.reply.content.history).toEqual([[1, 1, 'x = 2\n%status\nx * 21']]);
      const next = await kernel.client.execute('In[1], Out[1]');
      expect(JSON.stringify(next.published)).toContain("('x = 2\\\\n%status\\\\nx * 21', 42)");
    });

    it('complete their arguments from the session', async () => {
      const kernel = await start();
      await kernel.client.execute('def forecast(x: float) -> float: return x');
      const { reply } = await kernel.client.request('complete_request', {
        code: '%publish forec',
        cursor_pos: 14,
      });
      expect(reply.content.matches).toContain('forecast');
    });
  });
});
