/** os and architecture as manifest lists write them: `{os: 'linux', architecture: 'amd64'}`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}
