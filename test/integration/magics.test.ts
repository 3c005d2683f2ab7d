import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MagicBench } from '../support/magics.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let bench: MagicBench;
let local: string;

beforeAll(async () => {
  local = await mkdtemp(join(tmpdir(), 'slipway-magics-'));
  server = await startTestServer();
  bench = await MagicBench.start(server);
  await bench.python(
    [
      'import math',
      'factor = 3',
      'secret_numbers = [1, 2, 3]',
      'row = [1.5, 2.5]',
      'def scale(values: list, by: float = 2.0) -> list:',
      '    """Multiplies numbers.',
      '',
      '    Also by the factor of the notebook.',
      '    """',
      '    return [v * by * factor for v in values]',
    ].join('\n'),
  );
});

afterAll(async () => {
  await bench?.close();
  await server?.close();
  await rm(local, { recursive: true });
});

describe('%publish', () => {
  it('makes a service of a function, with what it needs and no more', async () => {
    const { text, data } = await bench.run('%publish scale Scale V1');
    expect(text).toContain('Scale V1 is published');
    expect(text).toContain(`${server.url}/api/Scale/V1`);
    expect(data).toMatchObject({
      outcome: 'published',
      url: `${server.url}/api/Scale/V1`,
      service: {
        description: 'Multiplies numbers.',
        operationId: 'scale',
        inputParameterDefinitions: [
          { name: 'values', type: 'vector' },
          { name: 'by', type: 'numeric' },
        ],
        outputParameterDefinitions: [{ type: 'vector' }],
      },
    });
    const names = data.contents.objects.map(({ name }: { name: string }) => name);
    expect(names).toContain('factor');
    expect(names).not.toContain('secret_numbers');
    expect(text).toMatch(/input +values +vector +its hint list$/m);
    expect(text).toMatch(/input +by +numeric +its hint float; default 2$/m);
    expect(text).toContain('Callers send every input, also by:');
  });

  it('leaves no snapshot of its own behind', async () => {
    expect((await bench.run('%snapshot list')).data).toEqual([]);
  });

  it('of the same again changes nothing and says so', async () => {
    const { text, data } = await bench.run('%publish scale Scale V1');
    expect(text).toContain('nothing has changed');
    expect(data.outcome).toBe('unchanged');
  });

  it('of something else under the same version is refused, and names the way out', async () => {
    await expect(bench.run('%publish scale Scale V1 --description Other')).rejects.toMatchObject({
      ename: 'ServiceExistsError',
      evalue: expect.stringMatching(/differs in its description\..*--update/),
    });
  });

  it('changes a version with --update', async () => {
    const { data } = await bench.run('%publish scale Scale V1 --description Other --update');
    expect(data).toMatchObject({ outcome: 'updated', service: { description: 'Other' } });
  });

  it('says what it can make no service of', async () => {
    await expect(bench.run('%publish math.sqrt Root V1')).rejects.toMatchObject({
      ename: 'NotPublishableError',
    });
    await expect(bench.run('%publish scael Root V1')).rejects.toMatchObject({ ename: 'NameError' });
  });
});

describe('%%publish', () => {
  const cell = [
    '%%publish Cell V1 --in x:numeric,k:numeric --out y:numeric --out frame:data.frame',
    'print("called")',
    'y = x * k * factor',
    'frame = {"a": [x, k], "b": ["u", "v"]}',
  ].join('\n');

  it('makes a service of the lines below', async () => {
    const { data } = await bench.run(cell);
    expect(data.outcome).toBe('published');
    expect(data.service.code).toMatch(/^print\("called"\)\ny = /);
    expect(data.calls.curl).not.toMatch(/Bearer ey/);
  });

  it('of the same again changes nothing', async () => {
    expect((await bench.run(`${cell}\n\n`)).data.outcome).toBe('unchanged');
  });

  it('without a version gets one, and the same one again', async () => {
    const unversioned = cell.replace('Cell V1', 'Guid');
    const first = await bench.run(unversioned);
    const second = await bench.run(unversioned);
    expect(first.data.outcome).toBe('published');
    expect(second.data.outcome).toBe('unchanged');
    expect(second.data.service.version).toBe(first.data.service.version);
    expect((await bench.run('%services Guid')).data).toHaveLength(1);
  });

  it('tells which names the session lacks', async () => {
    const { text } = await bench.run('%%publish Lacking V1 --out y:numeric\ny = no_such_name');
    expect(text).toContain('no_such_name');
  });

  it('warns of an output that the code does not set', async () => {
    const { text } = await bench.run('%%publish Typo V1 --out total:numeric\ntotla = 1');
    expect(text).toContain('Typo V1 is published');
    expect(text).toMatch(
      /total stands nowhere in this code, so that calls will fail: set it there/,
    );
  });

  it('takes a snapshot by name', async () => {
    await bench.run('%snapshot numbers --only factor');
    const { data } = await bench.run(
      '%%publish Named V1 --out y:numeric --snapshot numbers\ny = factor',
    );
    expect(data.service.snapshotId).toMatch(/./);
    const consumed = await bench.run('%consume Named V1');
    expect(consumed.data.outputParameters).toEqual({ y: 3 });
  });
});

describe('%consume', () => {
  it('evaluates its arguments in the session', async () => {
    const { text, data } = await bench.run('%consume Scale V1 values=row by=(1 + 1)');
    expect(Object.values(data.outputParameters)).toEqual([[9, 15]]);
    expect(text).toContain('[9.0,15.0]');
  });

  it('tells which input of which service is of another type', async () => {
    await expect(bench.run('%consume Scale V1 values=row by="x"')).rejects.toMatchObject({
      ename: 'InputValueError',
      evalue:
        'An input of Scale V1 cannot be sent: by is of type str, not the declared numeric; use float(...)',
    });
  });

  it('lends its values to the ready calls', async () => {
    await bench.run('%consume Scale V1 values=row by=(1 + 1)');
    const { data } = await bench.run('%services Scale V1');
    expect(data.calls.curl).toContain(`-d '{"values":[1.5,2.5],"by":2}'`);
  });

  it('takes the newest version when none is named', async () => {
    expect((await bench.run('%consume Scale values=[1] by=1')).data.version).toBe('V1');
  });

  it('assigns one output as it is', async () => {
    const { shown } = await bench.run('result = %consume Scale V1 values=row by=2');
    expect(shown).toEqual([]);
    await expect(bench.python('print(result)')).resolves.toBe('[9.0, 15.0]\n');
  });

  it('passes numbers on that JavaScript does not have', async () => {
    await bench.run('%%publish Echo V1 --in x:vector --out x:vector\nx = x + [1.0]');
    await bench.run('echo = %consume Echo V1 x=[2.0, 2**53+1, -0.0, 1e300]');
    await expect(bench.python('print(echo)')).resolves.toBe(
      '[2.0, 9007199254740993, -0.0, 1e+300, 1.0]\n',
    );
  });

  it('assigns several outputs as a dict, with their types', async () => {
    const { printed } = await bench.run('both = %consume Cell V1 x=2 k=5');
    expect(printed).toBe('called\n');
    await expect(
      bench.python('print(both["y"], type(both["frame"]).__name__, list(both["frame"]["b"]))'),
    ).resolves.toBe("30.0 DataFrame ['u', 'v']\n");
    await expect(bench.python('print([n for n in dir() if "slipway_output" in n])')).resolves.toBe(
      '[]\n',
    );
  });

  it('shows what it is at while a service takes long, and then its result', async () => {
    await bench.run(
      '%%publish Slow V1 --in x:numeric --out y:numeric\nimport time; time.sleep(1.5); y = x',
    );
    const { shown, data } = await bench.run('%consume Slow V1 x=2');
    const texts = shown.map((bundle) => String(bundle['text/plain']));
    expect(texts[0]).toMatch(/^Evaluating the inputs +✓ [\d.]+ s\nCalling Slow V1 +…$/);
    expect(texts.at(-2)).toMatch(/Calling Slow V1 +✓ [\d.]+ s$/);
    expect(data.outputParameters).toEqual({ y: 2 });
  });

  it('fails as the service fails', async () => {
    await bench.run('%%publish Fails V1 --in x:numeric --out y:numeric\ny = 1 / x');
    await expect(bench.run('%consume Fails V1 x=0')).rejects.toMatchObject({
      ename: 'ServiceError',
      evalue: expect.stringContaining('ZeroDivisionError'),
    });
  });

  it('fails as Python does when an argument cannot be evaluated', async () => {
    await expect(bench.run('%consume Cell V1 x=undefined_name k=1')).rejects.toMatchObject({
      ename: 'NameError',
    });
  });

  it.each([
    ['%consume Cell V1 x=1', /needs k \(numeric\)/],
    ['%consume Cell V1 x=1 kk=2', /no input "kk"/],
    ['%consume Cell V9 x=1 k=1', /^Cell has no version "V9"\. Its versions: V1\.$/],
    ['%consume Cel V1 x=1 k=1', /^There is no service "Cel"\. Did you mean "Cell"\?$/],
    ['%services Cel', /Did you mean "Cell"/],
    ['%publish undefined_function X V1', /no function "undefined_function".*Run the cell/],
    ['%files download nosuch.csv', /no file "nosuch\.csv"/],
    ['%workspace delete facto', /no variable "facto"\. Did you mean "factor"/],
    ['%session new --runtime R', /R is not installed.*Leave --runtime R out/],
  ])('explains %s', async (line, message) => {
    await expect(bench.run(line)).rejects.toMatchObject({ evalue: expect.stringMatching(message) });
  });
});

describe('the other magics', () => {
  it('list, change and delete services', async () => {
    expect((await bench.run('%services')).text).toMatch(/Scale\s+V1\s+values: vector, by: numeric/);
    expect((await bench.run('%services Scale V1')).data.url).toContain('/api/Scale/V1');
    expect((await bench.run('%service Scale')).data.url).toContain('/api/Scale/V1');
    const changed = await bench.run('%service update Fails V1 --description "Divides."');
    expect(changed.data.service.description).toBe('Divides.');
    await bench.run('%service delete Fails V1');
    await expect(bench.run('%service delete Fails V1')).rejects.toMatchObject({
      ename: 'ServiceNotFoundError',
    });
  });

  it('show and save Swagger', async () => {
    const shown = await bench.run('%swagger Scale V1');
    expect(shown.data).toMatchObject({ swagger: '2.0' });
    expect(shown.text).toMatch(/input +values +vector/);
    expect(shown.text).toMatch(/scale +POST \/api\/Scale\/V1$/m);
    expect(shown.text).toMatch(/Document +http\S+\/api\/Scale\/V1\/swagger\.json/);
    expect(shown.text.split('\n').length).toBeLessThan(40);
    await bench.run('%swagger Scale V1 --save scale.json');
    await expect(
      bench.python('import json; print(json.load(open("scale.json"))["swagger"])'),
    ).resolves.toBe('2.0\n');
    await expect(bench.run('%swagger Scale V1 --save ../x.json')).rejects.toMatchObject({
      ename: 'UsageError',
    });
  });

  it('move files', async () => {
    const path = join(local, 'data.csv');
    await writeFile(path, 'a,b\n');
    await bench.run(`%files upload "${path}"`);
    expect((await bench.run('%files')).data).toContain('data.csv');
    const copy = join(local, 'copy.csv');
    await bench.run(`%files download data.csv "${copy}"`);
    await expect(readFile(copy, 'utf8')).resolves.toBe('a,b\n');
    await expect(bench.run(`%files download data.csv "${copy}"`)).rejects.toMatchObject({
      ename: 'FileExistsError',
    });
    await bench.run('%files delete data.csv');
    await expect(bench.run('%files delete data.csv')).rejects.toMatchObject({
      ename: 'FileNotFoundError',
    });
  });

  it('move variables', async () => {
    const path = join(local, 'row.pickle');
    await bench.run(`%workspace get row "${path}"`);
    await bench.run(`%workspace set row_again "${path}"`);
    expect((await bench.run('%workspace')).data).toContain('row_again');
    await expect(bench.python('print(row_again == row)')).resolves.toBe('True\n');
    await bench.run('%workspace delete row_again');
    await expect(bench.run('%workspace delete row_again')).rejects.toMatchObject({
      ename: 'NameError',
    });
  });

  it('save, load and delete snapshots', async () => {
    const { text, data } = await bench.run('%snapshot "All of it"');
    expect(text).toMatch(/factor\s+saved/);
    await bench.python('factor = 100');
    await bench.run('%snapshot load "All of it"');
    await expect(bench.python('print(factor)')).resolves.toBe('3\n');
    const zip = join(local, 'all.zip');
    await bench.run(`%snapshot download ${data.id} "${zip}"`);
    expect((await readFile(zip)).subarray(0, 2).toString()).toBe('PK');
    await bench.run('%snapshot delete "All of it"');
    await expect(bench.run('%snapshot load "All of it"')).rejects.toMatchObject({
      ename: 'SnapshotNotFoundError',
    });
    await expect(bench.run('%snapshot delete "All of it" -f')).resolves.toBeDefined();
  });

  it('show the status and the sessions', async () => {
    expect((await bench.run('%status')).text).toContain('pass');
    expect((await bench.run('%session')).text).toMatch(/bench .*this notebook/);
  });

  it('find sessions by name, by id and by as much of it as no other has', async () => {
    const { sessions } = bench.client;
    const create = (name: string) => sessions.create({ name, runtimeType: 'Python' });
    const [first, second] = [await create('twin'), await create('twin')];
    try {
      await expect(bench.run('%session close twin')).rejects.toMatchObject({
        ename: 'SessionNotFoundError',
        evalue: expect.stringMatching(/2 sessions are called "twin": twin \(\w{8}\), twin \(/),
      });
      await expect(bench.run('%session attach twinn')).rejects.toMatchObject({
        evalue: expect.stringContaining('Did you mean "twin"?'),
      });
      expect((await bench.run(`%session close ${first.slice(0, 12)}`)).text).toContain('is closed');
      expect((await bench.run('%session close twin -f')).text).toContain('is closed');
      const left = (await sessions.list()).map(({ id }) => id);
      expect(left).not.toContain(first);
      expect(left).not.toContain(second);
    } finally {
      for (const { id, name } of await sessions.list()) {
        if (name === 'twin') await sessions.forceClose(id);
      }
    }
  });

  it('show who uses a session and how long it lives on', async () => {
    const { text } = await bench.run('%session keep 90m');
    expect(text).toContain('It lives on for 1 h 30 min after its last use');
    const [row] = (await bench.run('%session list')).data;
    expect(row).toMatchObject({
      name: 'bench',
      state: 'idle',
      lease: 5400,
      leaseLeft: null,
      attached: [{ client: 'Slipway kernel' }],
    });
    await expect(bench.run('%session keep long')).rejects.toMatchObject({
      ename: 'UsageError',
      evalue: '%session keep takes a time such as 30m, 2h or 1d, not "long".',
    });
    await expect(bench.run('%session keep 9d')).rejects.toMatchObject({
      evalue: expect.stringContaining('at most 7 d'),
    });
  });

  it('start another session', async () => {
    await bench.run('%snapshot move --only factor');
    const { data } = await bench.run('%session new fresh --snapshot move');
    expect(data.name).toBe('fresh');
    expect((await bench.run('%workspace')).data).toEqual(['factor']);
  });
});
