/** The tables of the store. JSON columns hold text that the store itself wrote. */
export interface Tables {
  users: UsersTable;
  logins: LoginsTable;
  snapshots: SnapshotsTable;
  services: ServicesTable;
  batches: BatchesTable;
  batch_files: BatchFilesTable;
}

export interface UsersTable {
  name: string;
  role: string;
  password_hash: string;
  creation_time: string;
  groups: string | null;
  groups_at: number | null;
}

export interface LoginsTable {
  id: string;
  user_name: string;
  source: string;
  access_id: string;
  refresh_hash: string;
  started_at: number;
  renewed_at: number;
}

export interface SnapshotsTable {
  id: string;
  name: string;
  owner: string;
  creation_time: string;
  content_size: number;
  tree: string;
  manifest: string;
}

export interface ServicesTable {
  name: string;
  version: string;
  owner: string;
  creation_time: string;
  snapshot_id: string | null;
  tree: string | null;
  runtime_type: string;
  code: string;
  init_code: string | null;
  description: string | null;
  operation_id: string;
  inputs: string;
  outputs: string;
  output_file_names: string;
  python: string;
  packages: string;
  pool_initial_size: number | null;
  pool_max_size: number | null;
}

export interface BatchesTable {
  id: string;
  service_name: string;
  service_version: string;
  owner: string;
  creation_time: string;
  parallel_count: number;
  total: number;
  /** The service as it was when the batch was begun. */
  service: string;
  /** Milliseconds since 1970; null while it is not at its end. */
  finished_at: number | null;
  failure: string | null;
}

export interface BatchFilesTable {
  batch_id: string;
  item: number;
  name: string;
  sha256: string;
  size: number;
}
